package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"
)

// secretBytes become 64 characters without padding, and twice the strength that
// the signature has.
const secretBytes = 48

// secret prints a new secret. It is plain text into a pipe as well, for
// SESSION_SECRET="$(echosession secret)".
func (t *tool) secret() *cobra.Command {
	return &cobra.Command{
		Use:   "secret",
		Short: "Print a new secret for SESSION_SECRET",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := make([]byte, secretBytes)
			_, _ = rand.Read(b) // never fails
			secret := base64.StdEncoding.EncodeToString(b)
			if cmd.Flags().Changed("json") && !t.tables {
				return t.answer(map[string]string{"secret": secret}, nil)
			}
			_, err := fmt.Fprintln(t.out, secret)
			return err
		},
	}
}
