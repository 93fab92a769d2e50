package policy

// The forms are the documents as they are written. One struct is the source of three things: how the reader reads it
// (json tags are the keys; required and enum are enforced; kinds names the field kinds that take a key, with an
// exclamation mark those that require it), the JSON Schema that editors are given, and the canonical form that digests
// are taken of (its JSON; a key that is absent is left out).

type objectForm struct {
	Object name             `json:"object" jsonschema:"required" jsonschema_description:"the object's name, as rules write it, such as driver"`
	Label  line             `json:"label,omitzero" jsonschema_description:"the object's name for people; without it the name with a capital letter"`
	About  prose            `json:"about,omitzero" jsonschema_description:"what the object is, in a sentence"`
	AsOf   day              `json:"as_of,omitzero" jsonschema_description:"the day that expressions know as as_of, such as 2026-01-01"`
	Fields items[fieldForm] `json:"fields" jsonschema:"required,maxItems=64" jsonschema_description:"a list of the fields, in the order in which they are drawn"`
}

type fieldForm struct {
	place    place
	Name     name  `json:"name" jsonschema:"required" jsonschema_description:"the field's name, as rules write it behind the object's, such as age"`
	Kind     word  `json:"kind" jsonschema:"required,enum=int,enum=number,enum=choice,enum=bool,enum=date,enum=fake,enum=value" jsonschema_description:"how the field is drawn: int, number, choice, bool, date, fake or value"`
	Label    line  `json:"label,omitzero" jsonschema_description:"the field's name for people; without it the name with spaces and a capital letter"`
	Unit     line  `json:"unit,omitzero" jsonschema_description:"the unit, such as £, %, mmHg, years"`
	Decimals whole `json:"decimals,omitzero" jsonschema:"minimum=0,maximum=6" kinds:"int value" jsonschema_description:"1 to 6, for an int that counts parts of its unit: 2 for pence under £"`
	Note     prose `json:"note,omitzero" jsonschema_description:"a sentence for people"`

	Min          expression `json:"min,omitzero" kinds:"int number" jsonschema_description:"the least value, included: an expression over earlier fields"`
	Max          expression `json:"max,omitzero" kinds:"int number" jsonschema_description:"the greatest value, included: an expression over earlier fields"`
	Step         number     `json:"step,omitzero" jsonschema:"exclusiveMinimum=0" kinds:"int number!" jsonschema_description:"the values are min, min + step and so on: a number above 0, such as 0.1; 1 for an int that does not say it"`
	Distribution word       `json:"distribution,omitzero" jsonschema:"enum=uniform,enum=normal,enum=log-normal,enum=weights" kinds:"int number" jsonschema_description:"uniform (without it), normal, log-normal or weights"`
	Mean         expression `json:"mean,omitzero" kinds:"int number" jsonschema_description:"of normal the mean, of log-normal the median"`
	Deviation    expression `json:"deviation,omitzero" kinds:"int number" jsonschema_description:"of normal the standard deviation, of log-normal that of the logarithm"`
	Weights      weights    `json:"weights,omitzero" kinds:"int" jsonschema_description:"the values with their weights, such as {0: 80, 1: 20}, in place of min and max"`

	Choices     weights      `json:"choices,omitzero" kinds:"choice" jsonschema_description:"the labels with their weights, such as {petrol: 3, diesel: 2}, or a list of labels that weigh the same"`
	Given       line         `json:"given,omitzero" kinds:"choice bool" jsonschema_description:"the earlier choice or bool whose label picks the table"`
	Tables      pairs[table] `json:"tables,omitzero" kinds:"choice bool" jsonschema_description:"what the field is drawn from, for each label of the given field"`
	Probability number       `json:"probability,omitzero" jsonschema:"minimum=0,maximum=1" kinds:"bool" jsonschema_description:"how often the field is true, 0 to 1"`

	From expression `json:"from,omitzero" kinds:"date!" jsonschema_description:"the first day, included: a date such as 2025-04-01, or an expression over as_of and earlier fields"`
	To   expression `json:"to,omitzero" kinds:"date!" jsonschema_description:"the last day, included: a date such as 2026-03-31, or an expression over as_of and earlier fields"`

	Function   line            `json:"function,omitzero" kinds:"fake!" jsonschema_description:"gofakeit's function, such as name"`
	Parameters pairs[argument] `json:"parameters,omitzero" kinds:"fake" jsonschema_description:"the function's parameters"`

	Type  word       `json:"type,omitzero" jsonschema:"enum=int,enum=number,enum=bool,enum=text,enum=date" kinds:"value!" jsonschema_description:"the type of the expression: int, number, bool, text or date"`
	Value expression `json:"value,omitzero" kinds:"value!" jsonschema_description:"an expression over as_of and earlier fields, such as years_between(driver.date_of_birth, as_of)"`
}

type rulesForm struct {
	Label     line                `json:"label" jsonschema:"required" jsonschema_description:"the policy's name for people, such as Motor insurance"`
	Title     line                `json:"title,omitzero" jsonschema_description:"what the policy is about, in a line"`
	About     prose               `json:"about,omitzero" jsonschema_description:"what a reader should know of the policy"`
	Notice    prose               `json:"notice,omitzero" jsonschema_description:"what a reader must know before relying on it"`
	Sources   items[sourceForm]   `json:"sources,omitzero" jsonschema_description:"where the rules are written down"`
	Decisions items[decisionForm] `json:"decisions" jsonschema:"required,maxItems=32" jsonschema_description:"a list of the decision tables, in the order in which they are made"`
	Verdict   verdictForm         `json:"verdict" jsonschema:"required" jsonschema_description:"the object that the decisions make, with its object, label and fields"`
	Outcome   outcomeForm         `json:"outcome" jsonschema:"required" jsonschema_description:"the field that cases are counted by, with its field, decision and values"`
}

type sourceForm struct {
	Label line `json:"label" jsonschema:"required" jsonschema_description:"what the source is called"`
	URL   link `json:"url" jsonschema:"required" jsonschema_description:"its address on the web"`
}

type decisionForm struct {
	ID        id                `json:"id" jsonschema:"required" jsonschema_description:"the decision's name, such as eligibility; later expressions see its outputs behind it, - written as _"`
	Label     line              `json:"label,omitzero" jsonschema_description:"the decision's name for people; without it the id with spaces and a capital letter"`
	Note      prose             `json:"note,omitzero" jsonschema_description:"a sentence for people"`
	HitPolicy word              `json:"hit_policy" jsonschema:"required,enum=unique,enum=any,enum=priority,enum=first,enum=rule order,enum=output order,enum=collect,enum=collect sum,enum=collect min,enum=collect max,enum=collect count" jsonschema_description:"what the table gives when several rules hit: first, unique, any, priority, rule order, output order, collect, or collect sum, min, max or count"`
	Outputs   outputs           `json:"outputs" jsonschema:"required" jsonschema_description:"a list of the outputs' names, or for priority and output order a mapping: decision: {values: [decline, accept]}, highest priority first"`
	Rules     items[ruleForm]   `json:"rules" jsonschema:"required,maxItems=256" jsonschema_description:"a list of the rules, in order"`
	Default   pairs[expression] `json:"default,omitzero" jsonschema_description:"an expression for each output, given when no rule hits"`
}

type outputAbout struct {
	Values items[label] `json:"values" jsonschema:"required,maxItems=100" jsonschema_description:"a list of the values that the output takes, highest priority first"`
}

type ruleForm struct {
	ID      id                `json:"id" jsonschema:"required" jsonschema_description:"the rule's name, such as too-young"`
	When    expression        `json:"when,omitzero" jsonschema_description:"the condition; without it the rule always holds"`
	Then    pairs[expression] `json:"then" jsonschema:"required" jsonschema_description:"an expression for each output, a text in quotes within quotes: {decision: '\"decline\"'}"`
	Because prose             `json:"because,omitzero" jsonschema_description:"why, in a sentence for people"`
	Source  link              `json:"source,omitzero" jsonschema_description:"the address of the law or chart"`
}

type verdictForm struct {
	Object name                    `json:"object" jsonschema:"required" jsonschema_description:"the verdict's name, such as quote"`
	Label  line                    `json:"label,omitzero" jsonschema_description:"the verdict's name for people; without it the name with a capital letter"`
	Fields items[verdictFieldForm] `json:"fields" jsonschema:"required,maxItems=64" jsonschema_description:"a list of the fields, in order"`
}

type verdictFieldForm struct {
	Name     name       `json:"name" jsonschema:"required" jsonschema_description:"the field's name, such as premium"`
	Type     word       `json:"type" jsonschema:"required,enum=int,enum=number,enum=bool,enum=text,enum=date,enum=list of int,enum=list of number,enum=list of bool,enum=list of text,enum=list of date" jsonschema_description:"int, number, bool, text or date, or a list such as list of text"`
	Value    expression `json:"value" jsonschema:"required" jsonschema_description:"an expression over both objects' fields and the decisions' outputs, such as eligibility.decision"`
	Label    line       `json:"label,omitzero" jsonschema_description:"the field's name for people; without it the name with spaces and a capital letter"`
	Unit     line       `json:"unit,omitzero" jsonschema_description:"the unit, such as £"`
	Decimals whole      `json:"decimals,omitzero" jsonschema:"minimum=0,maximum=6" jsonschema_description:"1 to 6, for an int that counts parts of its unit: 2 for pence under £"`
	Note     prose      `json:"note,omitzero" jsonschema_description:"a sentence for people"`
}

type outcomeForm struct {
	Field    line                `json:"field" jsonschema:"required" jsonschema_description:"the text field of the verdict that cases are counted by"`
	Decision line                `json:"decision" jsonschema:"required" jsonschema_description:"the decision whose rules' because explains the outcome"`
	Headline line                `json:"headline,omitzero" jsonschema_description:"the verdict's field that is shown large beside the outcome"`
	Values   pairs[outcomeValue] `json:"values" jsonschema:"required" jsonschema_description:"the values that the field takes, each with its tone: {accept: {tone: good}}"`
}

type outcomeValue struct {
	Label line `json:"label,omitzero" jsonschema_description:"the value for people; without it the value with a capital letter"`
	Tone  word `json:"tone" jsonschema:"required,enum=good,enum=neutral,enum=warn,enum=bad" jsonschema_description:"how people take it: good, neutral, warn or bad"`
}

type examplesForm struct {
	Base     baseForm           `json:"base,omitzero" jsonschema_description:"what every example has where it gives nothing of its own"`
	Examples items[exampleForm] `json:"examples" jsonschema:"required,maxItems=500" jsonschema_description:"a list of worked examples"`
}

type baseForm struct {
	Who  pairs[data] `json:"who,omitzero" jsonschema_description:"fields of the first object with their values"`
	What pairs[data] `json:"what,omitzero" jsonschema_description:"fields of the second object with their values"`
}

type exampleForm struct {
	place   place
	Name    line        `json:"name" jsonschema:"required" jsonschema_description:"the example's name, each another"`
	From    prose       `json:"from,omitzero" jsonschema_description:"where the example comes from: a link or a citation"`
	Who     pairs[data] `json:"who,omitzero" jsonschema_description:"fields of the first object with their values"`
	What    pairs[data] `json:"what,omitzero" jsonschema_description:"fields of the second object with their values"`
	Verdict pairs[data] `json:"verdict" jsonschema:"required" jsonschema_description:"the fields of the verdict to compare, with their values"`
}
