package handle_test

import (
	"testing"

	"github.com/echosession/session/internal/handle"
)

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"rU7Mg1CTNgTY0OV-CV17wA":           true,
		"-_-_-_-_-_-_-_-_-_-_-_":           true,
		"c8be1af1f8bc3c7de92f7241a1135b52": true,

		"":                                     false,
		"x":                                    false,
		"rU7Mg1CTNgTY0OV-CV17w":                false,
		"rU7Mg1CTNgTY0OV+CV17wA":               false,
		"rU7Mg1CTNgTY0OVéCV17w":                false,
		"C8BE1AF1F8BC3C7DE92F7241A1135B52":     false,
		"-lwhNbQhBS9U7BTDZKwOrK2IhRrO_IVC":     false, // an id
		"c8be1af1-f8bc-3c7d-e92f-7241a1135b52": false, // one of an Express with a genid
		"s:-lwhNbQhBS9U7BTDZKwOrK2IhRrO_IVC.n4lgfPO8xTrZmNChvX7djVliinx01YjaE0HxT6JaNTQ": false,
	} {
		if handle.Is(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
