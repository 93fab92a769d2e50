package history

import (
	"os"
	"testing"

	"verdictory/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
