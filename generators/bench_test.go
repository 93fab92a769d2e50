package generators

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"verdictory/contract"
	"verdictory/policy"
)

// BenchmarkDriver draws motor insurance's driver, and reports how that compares with gofakeit's own Person in the same
// run: times/person must not be above 1.
func BenchmarkDriver(b *testing.B) {
	d := newDrawer(b, builtIn(b, "motor-insurance/who.yaml"), contract.Aim{})
	values := d.object().Values
	b.ReportAllocs()
	seed := policy.Seed(0)
	for b.Loop() {
		seed++
		if err := d.Draw(seed, values); err != nil {
			b.Fatal(err)
		}
	}
	driver := b.Elapsed()
	var own stream
	faker := gofakeit.NewFaker(&own.PCG, false)
	start := time.Now()
	for range b.N {
		faker.Person()
	}
	ratio := float64(driver) / float64(time.Since(start))
	b.ReportMetric(ratio, "times/person")
	if ratio > 1 {
		b.Errorf("a driver takes %.2f times as long as gofakeit's Person", ratio)
	}
}

// BenchmarkObjects draws both objects of a case, as the bulk command does.
func BenchmarkObjects(b *testing.B) {
	who := map[string]contract.Candidates{
		"age":            near(0.5, "16", "17", "18", "20", "21", "22", "24", "25", "26", "29", "30", "31", "49", "50", "51", "69", "70", "71", "79", "80", "81"),
		"licence_years":  near(0.5, "0", "1", "2", "3", "8", "9", "10"),
		"penalty_points": near(0.5, "0", "1", "2", "5", "6", "7", "8", "9", "10"),
	}
	what := map[string]contract.Candidates{
		"insurance_group": near(0.5, "10", "11", "20", "21", "30", "31", "35", "36", "40", "41"),
		"annual_mileage":  near(0.5, "3500", "4000", "4500", "11500", "12000", "12500", "20000", "20500"),
		"value":           near(0.5, "24950", "25000", "25050"),
	}
	for name, aims := range map[string][2]contract.Aim{"random": {}, "boundary": {{Candidates: who}, {Candidates: what}}} {
		b.Run(name, func(b *testing.B) {
			who := newDrawer(b, builtIn(b, "motor-insurance/who.yaml"), aims[0])
			what := newDrawer(b, builtIn(b, "motor-insurance/what.yaml"), aims[1])
			driver, vehicle := who.object().Values, what.object().Values
			b.ReportAllocs()
			index := int64(0)
			for b.Loop() {
				index++
				if who.Draw(ObjectSeed(1, index, contract.RoleWho), driver) != nil || what.Draw(ObjectSeed(1, index, contract.RoleWhat), vehicle) != nil {
					b.Fatal("not drawn")
				}
			}
		})
	}
}

// BenchmarkBatch draws batches of 10,000 objects over HTTP and reports objects a second.
func BenchmarkBatch(b *testing.B) {
	for _, file := range []string{"motor-insurance/who.yaml", "motor-insurance/what.yaml"} {
		b.Run(file, func(b *testing.B) {
			doc := builtIn(b, file).doc
			server := httptest.NewServer(holding(b, contract.RoleWho, doc))
			defer server.Close()
			body := `{"document":"` + string(doc.Digest) + `","run":"1","from":0,"count":10000}`
			b.ReportAllocs()
			for b.Loop() {
				answer, err := http.Post(server.URL+"/objects/batch", "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, answer.Body)
				if err != nil || n < 1_000_000 {
					b.Fatal(n, err)
				}
				answer.Body.Close()
			}
			b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
		})
	}
}
