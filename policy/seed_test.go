package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSeedIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]Seed{
		"00000000": 0, "0": 0, "1": 1, "Z": 31, "10": 32, "ZZZZZZZZ": MaxSeed, "zzzzzzzz": MaxSeed,
		"7KQ2X9FM": 0x3cee2ea5f4, "7kq2x9fm": 0x3cee2ea5f4, "OIL": 0<<10 | 1<<5 | 1, "oil": 1<<5 | 1,
	} {
		got, err := ParseSeed(text)
		if err != nil || got != want {
			t.Errorf("%s is read as %x (%v), want %x", text, uint64(got), err, uint64(want))
		}
		if again, err := ParseSeed(got.String()); err != nil || again != want || len(got.String()) != 8 {
			t.Errorf("%s is written %s, and that read as %x (%v)", text, got, uint64(again), err)
		}
	}
}

func TestSeedSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `seed "" has 0 characters: write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
		"123456789":              `seed "123456789" has 9 characters: write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
		"12U":                    `seed "12U" has 'U': write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
		"12-4":                   `seed "12-4" has '-': write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
		"ſ":                      `seed "ſ" has 'ſ': write 1 to 8 of 0-9 and A-Z without I, L, O, U`, // whose capital is S
		"ı":                      `seed "ı" has 'ı': write 1 to 8 of 0-9 and A-Z without I, L, O, U`, // whose capital is I
		"\xff":                   `seed "\xff" has '�': write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
		strings.Repeat("é", 100): `seed "` + strings.Repeat("é", 30) + `…" has 100 characters: write 1 to 8 of 0-9 and A-Z without I, L, O, U`,
	} {
		if got, err := ParseSeed(text); err == nil || err.Error() != want || got != 0 {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestCodeNamesACase(t *testing.T) {
	for text, want := range map[string]Code{
		"7KQ2X9FM-03ZT8W1C":            {Who: 0x3cee2ea5f4, What: 0xffa4702c, Mode: Random},
		"7KQ2X9FM-03ZT8W1C-B":          {Who: 0x3cee2ea5f4, What: 0xffa4702c, Mode: Boundary},
		"7KQ2X9FM-03ZT8W1C-E4W0Q2ZTA":  {Who: 0x3cee2ea5f4, What: 0xffa4702c, Mode: Random, Edit: "4W0Q2ZTA"},
		"7KQ2X9FM-03ZT8W1C-BE4W0Q2ZTA": {Who: 0x3cee2ea5f4, What: 0xffa4702c, Mode: Boundary, Edit: "4W0Q2ZTA"},
	} {
		if got := want.String(); got != text {
			t.Errorf("%+v is written %s, want %s", want, got, text)
		}
		for _, written := range []string{text, strings.ToLower(text), strings.ReplaceAll(text, "0", "O")} {
			if got, err := ParseCode(written); err != nil || got != want {
				t.Errorf("%s is read as %+v (%v), want %+v", written, got, err, want)
			}
		}
	}
}

func TestCodeRefusesWhatNamesNone(t *testing.T) {
	for _, text := range []string{
		"", "7KQ2X9FM", "7KQ2X9FM-", "7KQ2X9FM-03ZT8W1", "7KQ2X9F-03ZT8W1C", "7KQ2X9FM-03ZT8W1U", "7KQ2X9FM-03ZT8W1C-", "7KQ2X9FM-03ZT8W1C-X",
		"7KQ2X9FM-03ZT8W1C-E", "7KQ2X9FM-03ZT8W1C-E4W0Q2ZT", "7KQ2X9FM-03ZT8W1C-EB4W0Q2ZTA", "7KQ2X9FM-03ZT8W1C-BB", "7KQ2X9FM-03ZT8W1C-B-B",
		"7KQ2X9FM-03ZT8W1C-E4W0Q2ſT", "ſſſſ-03ZT8W1C", "7KQ2X9FM 03ZT8W1C",
	} {
		got, err := ParseCode(text)
		if err == nil || got != (Code{}) || !strings.Contains(err.Error(), "such as 7KQ2X9FM-03ZT8W1C") {
			t.Errorf("%q is read as %+v (%v)", text, got, err)
		}
	}
}

func TestSeedsAndCodesTravelAsText(t *testing.T) {
	type both struct {
		Seed Seed
		Code Code
	}
	sent := both{MaxSeed, Code{Who: 1, What: 2, Mode: Boundary}}
	raw, err := json.Marshal(sent)
	if want := `{"Seed":"ZZZZZZZZ","Code":"00000001-00000002-B"}`; err != nil || string(raw) != want {
		t.Fatalf("sent as %s (%v), want %s", raw, err, want)
	}
	var received both
	if err := json.Unmarshal(raw, &received); err != nil || received != sent {
		t.Errorf("received as %+v (%v)", received, err)
	}
	for _, raw := range []string{`{"Seed":"U"}`, `{"Code":"1-2"}`} {
		received = sent
		if err := json.Unmarshal([]byte(raw), &received); err == nil || received != sent {
			t.Errorf("%s is received as %+v (%v)", raw, received, err)
		}
	}
}

func TestModes(t *testing.T) {
	for _, mode := range []Mode{Random, Boundary} {
		if got, err := ParseMode(string(mode)); err != nil || got != mode {
			t.Errorf("%s is read as %s (%v)", mode, got, err)
		}
	}
	if got, err := ParseMode("Random"); got != "" || err == nil || err.Error() != `mode "Random" is not known: write random or boundary` {
		t.Errorf("Random is read as %q (%v)", got, err)
	}
}

func FuzzParseSeed(f *testing.F) {
	for _, s := range []string{"0", "7KQ2X9FM", "oil", "ſ", "ZZZZZZZZZ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seed, err := ParseSeed(text)
		if err != nil {
			return
		}
		again, err := ParseSeed(seed.String())
		if err != nil || again != seed || seed > MaxSeed {
			t.Errorf("%q is read as %x, written %s, read as %x (%v)", text, uint64(seed), seed, uint64(again), err)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"7KQ2X9FM-03ZT8W1C", "7KQ2X9FM-03ZT8W1C-B", "7KQ2X9FM-03ZT8W1C-BE4W0Q2ZTA", "--", "7KQ2X9FM-03ZT8W1C-e4w0q2zta"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseCode(text)
		if err != nil {
			return
		}
		if again, err := ParseCode(code.String()); err != nil || again != code {
			t.Errorf("%q is read as %+v, written %s, read as %+v (%v)", text, code, code, again, err)
		}
	})
}

func TestRunsAreWrittenAndRead(t *testing.T) {
	for text, want := range map[string]Run{
		"7KQ2X9FM-1000":     {mustSeed("7KQ2X9FM"), Random, 1000},
		"7kq2x9fm-1000-b":   {mustSeed("7KQ2X9FM"), Boundary, 1000},
		"00000001-10000000": {1, Random, MaxRun},
	} {
		got, err := ParseRun(text)
		if err != nil || got != want || !strings.EqualFold(got.String(), text) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
		if text, err := got.MarshalText(); err != nil || string(text) != got.String() {
			t.Errorf("%s: marshalled %s, %v", got, text, err)
		}
	}
	for _, text := range []string{"", "7KQ2X9FM", "7KQ2X9FM-", "7KQ2X9FM-0", "7KQ2X9FM-10000001", "7KQ2X9FM-01", "7KQ2X9FM--1", "7KQ2X9FM-1-", "7KQ2X9FM-1-X", "7KQ2X9FM-1-B-B", "7KQ2-1", "UUUUUUUU-1", "7KQ2X9FM-1e3", "7KQ2X9FM-99999999999999999999"} {
		if got, err := ParseRun(text); err == nil || !strings.Contains(err.Error(), "such as 7KQ2X9FM-1000") {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

func mustSeed(text string) Seed {
	s, err := ParseSeed(text)
	if err != nil {
		panic(err)
	}
	return s
}
