package gorillastore_test

import (
	"fmt"
	"time"

	gorillastore "github.com/echosession/session/adapter/gorilla"
)

// Types of the application's own are named once, as they were to gob.Register.
func ExampleNew() {
	type cart struct {
		Items []string
		Since time.Time
	}
	type visitor struct {
		Name     string
		Password string `json:"-"`
	}
	_, err := gorillastore.New(gorillastore.Options{
		Types: []any{cart{}, &cart{}},
	})
	fmt.Println(err)
	_, err = gorillastore.New(gorillastore.Options{Types: []any{visitor{}}})
	fmt.Println(err)
	// Output:
	// <nil>
	// gorillastore: Options.Types[0], gorillastore_test.visitor: JSON leaves out its field Password, by its tag; take the tag away, or store a type without that field
}
