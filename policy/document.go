package policy

// Digest is the sha256 of a document's canonical form, in 64 hexadecimal digits: the identity of a version.
type Digest string

// Short gives the first 7 digits, for people.
func (d Digest) Short() string { return string(d[:min(7, len(d))]) }

// Expr is a CEL expression in a document, with the place of its first character. The zero Expr is none.
type Expr struct {
	Source       string
	Line, Column int
}

// Policy is the four documents of one policy, read and valid as far as this package can tell: their expressions are
// checked by the generators and rules packages.
type Policy struct {
	Name      string // the folder's name: motor-insurance
	Who, What *ObjectDoc
	Rules     *RulesDoc
	Examples  *ExamplesDoc
	Digest    Digest // of the digests of Who, What and Rules: the policy's version
}

// ObjectDoc is who.yaml or what.yaml: one object and how its fields are drawn.
type ObjectDoc struct {
	Object string // the object's name, as rules write it: driver
	Label  string // Driver
	About  string
	AsOf   Value // a Date: the day that the document's expressions know as as_of
	Fields []Field

	Source string // the document's text, as read
	Digest Digest
	Shape  *Shape
}

// FieldKind is how a field is drawn.
type FieldKind string

// The field kinds.
const (
	FieldInt    FieldKind = "int"
	FieldNumber FieldKind = "number"
	FieldChoice FieldKind = "choice"
	FieldBool   FieldKind = "bool"
	FieldDate   FieldKind = "date"
	FieldFake   FieldKind = "fake"
	FieldValue  FieldKind = "value"
)

// Distribution is how an int or a number is spread between its bounds.
type Distribution string

// The distributions.
const (
	Uniform   Distribution = "uniform"
	Normal    Distribution = "normal"
	LogNormal Distribution = "log-normal"
	Weights   Distribution = "weights" // one weight for each value
)

// Field is one field of a generated object. Which members are set depends on Kind; docs/policies.md has the table.
type Field struct {
	Name, Label, Unit, Note string
	Kind                    FieldKind
	Decimals                int // for an int that counts parts of its unit: 2 for pence under £
	Line, Column            int // of the field's name

	// int and number. Min and Max are expressions over earlier fields; both ends are included.
	Min, Max        Expr
	Step            string // decimal text, such as 1, 50, 0.1; the values are Min + k × Step
	Distribution    Distribution
	Mean, Deviation Expr // of normal; of log-normal the median and the standard deviation of the logarithm

	// choice: Choices, or Tables by the label of the earlier field Given. int with weights: Choices with whole numbers as labels.
	Choices []Choice
	Given   string
	Tables  []Table

	Probability float64 // bool, 0 to 1; with Given, each table's

	From, To Expr // date; both ends are included

	Function   string            // fake: gofakeit's function, such as name
	Parameters map[string]string // fake: its parameters

	Value     Expr // value
	ValueKind Kind // value: the kind of the expression, from the document's type: int, number, bool, text or date
}

// Choice is a label and its weight.
type Choice struct {
	Label  string
	Weight float64
}

// Table is what a field is drawn from where the given field has the label.
type Table struct {
	Label       string
	Choices     []Choice // choice
	Probability float64  // bool
}

// HitPolicy is DMN's rule for what a decision table gives when several of its rules hit.
type HitPolicy string

// DMN's hit policies (DMN 1.5, section 8.2.11).
const (
	Unique       HitPolicy = "unique"
	Any          HitPolicy = "any"
	Priority     HitPolicy = "priority"
	First        HitPolicy = "first"
	RuleOrder    HitPolicy = "rule order"
	OutputOrder  HitPolicy = "output order"
	Collect      HitPolicy = "collect"
	CollectSum   HitPolicy = "collect sum"
	CollectMin   HitPolicy = "collect min"
	CollectMax   HitPolicy = "collect max"
	CollectCount HitPolicy = "collect count"
)

// RulesDoc is rules.yaml: the decisions, the verdict they make, and the outcome that cases are counted by.
type RulesDoc struct {
	Label     string // Motor insurance
	Title     string // A driver, a vehicle, and the quote they get
	About     string
	Notice    string // what a reader must know before relying on it; empty for none
	Sources   []Source
	Decisions []Decision
	Verdict   Verdict
	Outcome   Outcome

	Source string // the document's text, as read
	Digest Digest
}

// Source is where a policy's rules are written down.
type Source struct{ Label, URL string }

// Decision is a decision table.
type Decision struct {
	ID, Label, Note string
	HitPolicy       HitPolicy
	Outputs         []Output // in order; the names that every rule's Then gives
	Rules           []Rule
	Default         []Assignment // what the decision gives when no rule hits; nil for an error
	Line, Column    int
}

// Output is one output of a decision. Values is set where the hit policy needs DMN's ordered list of output values,
// highest priority first.
type Output struct {
	Name         string
	Values       []string
	Line, Column int
}

// Rule is one row of a decision table. An empty When always holds.
type Rule struct {
	ID           string
	When         Expr
	Then         []Assignment // in the order of the decision's outputs
	Because      string
	Source       string
	Line, Column int
}

// Assignment gives an output its expression.
type Assignment struct {
	Name  string
	Value Expr
}

// Verdict is the third object: each field an expression over the decisions' outputs and both objects' fields.
type Verdict struct {
	Object, Label string
	Fields        []VerdictField
	Shape         *Shape
}

// VerdictField is one field of the verdict.
type VerdictField struct {
	Name, Label, Unit, Note string
	Kind, Elem              Kind
	Decimals                int
	Value                   Expr
	Line, Column            int
}

// Outcome is the verdict field by which cases are counted.
type Outcome struct {
	Field    string // a String field of the verdict
	Decision string // the decision whose hits' because explains the outcome
	Headline string // the verdict field shown beside the outcome; empty for none
	Values   []OutcomeValue
}

// OutcomeValue is one value that the outcome takes.
type OutcomeValue struct {
	Value, Label string
	Tone         Tone
}

// Tone says how people take an outcome.
type Tone string

// The tones.
const (
	Good    Tone = "good"
	Neutral Tone = "neutral"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// ExamplesDoc is examples.yaml: worked examples. An example's fields are the base's where it gives none of its own.
type ExamplesDoc struct {
	Examples []Example
	Source   string
}

// Example is a worked case. Verdict holds the fields to compare, others are free.
type Example struct {
	Name, From   string // From says where the example comes from: a link or a citation
	Who, What    Object
	Verdict      map[string]Value
	Line, Column int
}
