package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"verdictory/contract"
)

// The kinds of value that flags have and pflag has not. Type is the placeholder in the help; the error of Set goes on
// where the value was named.

// level is a slog.Level, written in lower case.
type level slog.Level

func (l *level) Set(name string) error {
	if (*slog.Level)(l).UnmarshalText([]byte(name)) != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}

func (l *level) String() string { return strings.ToLower(slog.Level(*l).String()) }
func (l *level) Type() string   { return "LEVEL" }

// role is contract.RoleWho or contract.RoleWhat.
type role string

func (r *role) Set(word string) error {
	if word != contract.RoleWho && word != contract.RoleWhat {
		return fmt.Errorf("must be %s or %s", contract.RoleWho, contract.RoleWhat)
	}
	*r = role(word)
	return nil
}

func (r *role) String() string { return string(*r) }
func (r *role) Type() string   { return contract.RoleWho + "|" + contract.RoleWhat }

// folder is the absolute path of a folder that exists, so that its name is known where "." was written.
type folder string

func (f *folder) Set(path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(absolute); err != nil || !info.IsDir() {
		return fmt.Errorf("must be a folder, and %s is none", absolute)
	}
	*f = folder(absolute)
	return nil
}

func (f *folder) String() string { return string(*f) }
func (f *folder) Type() string   { return "DIR" }
