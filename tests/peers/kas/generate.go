package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A generator writes one file by grammar: a value that mostly fits the message, in one of the many ways in which YAML
// can be written.
type generator struct {
	*rand.Rand
	reader *reader
	// How often something unusual is written, from 0 to 1.
	oddness float64
	// Whether keys of about 1024 characters are written. Those have no other characters than ASCII's: kaslint counts bytes.
	hasLongKeys bool
	// Anchors that are defined so far, and where they are: "map", "list" or "scalar".
	anchors []anchor
	next    int
}

type anchor struct{ name, kind string }

// A node is a value before it is written.
type node struct {
	kind    string // "scalar", "list", "map" or "raw"
	text    string // the value of a scalar; what is written, for "raw"
	items   []*node
	entries []entry
}

type entry struct {
	key   string
	value *node
}

// generate gives the next file.
func generate(r *reader, rng *rand.Rand, hasLongKeys bool) []byte {
	g := &generator{Rand: rng, reader: r, hasLongKeys: hasLongKeys, oddness: []float64{0.005, 0.02, 0.08, 0.25}[rng.IntN(4)]}
	return g.file()
}

func (g *generator) odd() bool { return g.Float64() < g.oddness }

func (g *generator) chance(p float64) bool { return g.Float64() < p }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) file() []byte {
	root := g.message(g.reader.configuration, 0)
	var b strings.Builder
	if g.chance(0.05) {
		b.WriteString(pick(g, []string{"# agent\n", "\n", "\ufeff", "%YAML 1.1\n---\n", "---\n", "--- # first\n", "\n\n# a\n\n"}))
	} else if g.odd() {
		b.WriteString(pick(g, []string{"%YAML 1.2\n---\n", "%TAG !e! tag:example.com,2000:\n---\n", "%FOO bar\n---\n", "--- ", "---\t", "...\n", "--- !!map\n", " ", "\t", "--- &root\n", "%TAG ! tag:yaml.org,2002:\n---\n", "%TAG !! tag:x,2000:\n---\n"}))
	}
	switch {
	case g.chance(0.12):
		g.properties(&b, "map", false)
		g.flow(&b, root, 0)
		switch {
		case g.chance(0.5):
			b.WriteString("\n")
		case g.chance(0.5):
			b.WriteString(g.behindFlowRoot())
		}
	case len(root.entries) == 0:
		b.WriteString(pick(g, []string{"{}\n", "", "null\n", "~\n", "# nothing\n", "---\n", "{}"}))
	default:
		g.block(&b, root, 0)
	}
	if g.chance(0.04) || g.odd() {
		b.WriteString(pick(g, []string{"---\nb: [\n", "...\n", "...\n---\na: 1\n", "---\n", "# end\n", "... # end\n", "--- {}\n", "...\nx\n", "\n\n", "  # end", "}\n", "- x\n", "x\n", "--- |\n x\n", "\t\n"}))
	}
	text := b.String()
	if g.odd() {
		text = strings.TrimRight(text, "\n")
	}
	if g.odd() || g.chance(0.01) {
		text = strings.ReplaceAll(text, "\n", pick(g, []string{"\r\n", "\r\n", "\r", "\u0085", "\u2028"}))
	}
	return []byte(text)
}

// behindFlowRoot gives what may follow a flow collection at the root.
func (g *generator) behindFlowRoot() string {
	parts := []string{"x", "'x'", "\"x\"", "\n", " ", "{}", "[]", "}", "]", ",", ":", ": x", "\n:", "? x", "- x", "\n- x", "\nk: v", "k: v",
		" # c", "#c", "*", "*a", "&a", "!t", "!", "|", "|x", ">", "@", "`", "%", "\n%", "\"", "'", "\"\\q\"", "\t", "---", "\n---\n", "\n...\n", "...", "\n--- x", "\u0085"}
	var b strings.Builder
	for range 1 + g.IntN(4) {
		b.WriteString(pick(g, parts))
	}
	b.WriteString(pick(g, []string{"", "\n"}))
	return b.String()
}

func (g *generator) message(descriptor protoreflect.MessageDescriptor, depth int) *node {
	n := &node{kind: "map"}
	fields := descriptor.Fields()
	count := fields.Len()
	if count == 0 {
		if g.odd() {
			n.entries = append(n.entries, entry{g.word(), g.anything(depth + 1)})
		}
		return n
	}
	takesOne := descriptor.Oneofs().Len() > 0 && !descriptor.Oneofs().Get(0).IsSynthetic()
	for i := range count {
		field := fields.Get(i)
		p := 0.35
		if depth == 0 {
			p = 0.3
		}
		if name := string(field.Name()); name == "id" || name == "username" || name == "key" || name == "val" {
			p = 0.95
		} else if name == "ci_access" || name == "projects" {
			p = 0.7
		}
		if takesOne {
			p = 0
		}
		if g.chance(p) {
			n.entries = append(n.entries, entry{string(field.Name()), g.field(field, depth+1)})
		}
	}
	if takesOne {
		for first := true; first || g.odd(); first = false {
			if first && g.odd() {
				continue
			}
			field := fields.Get(g.IntN(count))
			n.entries = append(n.entries, entry{string(field.Name()), g.field(field, depth+1)})
		}
	}
	g.Shuffle(len(n.entries), func(i, j int) { n.entries[i], n.entries[j] = n.entries[j], n.entries[i] })
	if g.odd() {
		n.entries = append(n.entries, entry{g.unknownKey(fields), g.anything(depth + 1)})
	}
	if len(n.entries) > 0 && g.odd() {
		again := pick(g, n.entries)
		n.entries = append(n.entries, entry{again.key, g.anything(depth + 1)})
	}
	if g.odd() {
		n.entries = append(n.entries, entry{"<<", g.merged(descriptor, depth+1)})
		g.Shuffle(len(n.entries), func(i, j int) { n.entries[i], n.entries[j] = n.entries[j], n.entries[i] })
	}
	return n
}

func (g *generator) merged(descriptor protoreflect.MessageDescriptor, depth int) *node {
	switch {
	case depth > 8 || g.chance(0.1):
		return g.anything(depth)
	case g.chance(0.3):
		return g.message(descriptor, depth+2)
	case g.chance(0.5):
		return &node{kind: "list", items: []*node{g.message(descriptor, depth+2), g.alias(), g.message(descriptor, depth+2)}}
	default:
		return g.alias()
	}
}

func (g *generator) alias() *node {
	if len(g.anchors) == 0 || g.chance(0.05) {
		return &node{kind: "raw", text: "*" + g.word()}
	}
	return &node{kind: "raw", text: "*" + pick(g, g.anchors).name}
}

func (g *generator) unknownKey(fields protoreflect.FieldDescriptors) string {
	if fields.Len() > 0 && g.chance(0.4) {
		name := string(fields.Get(g.IntN(fields.Len())).Name())
		return pick(g, []string{strings.ToUpper(name), name + "s", strings.ReplaceAll(name, "_", "-"), name + " ", "[" + name + "]", fields.Get(0).JSONName()})
	}
	return pick(g, []string{"x", "1", "yes", "on", "null", "~", "0x1F", "1.5", "[]", "{}", "", "1e3", ".inf", "true", "18446744073709551615",
		"[x.y]", "[a]", "-", "2001-01-01", "=", "<<", "key with blanks", "é", "'"})
}

func (g *generator) field(field protoreflect.FieldDescriptor, depth int) *node {
	if g.odd() {
		if g.chance(0.4) {
			return &node{kind: "raw", text: pick(g, []string{"", "~", "null", "Null"})}
		}
		if g.chance(0.3) {
			return g.alias()
		}
		return g.anything(depth)
	}
	if field.IsMap() {
		n := &node{kind: "map"}
		for range g.IntN(4) {
			n.entries = append(n.entries, entry{g.scalarText(), g.value(field.MapValue(), depth+1)})
		}
		return n
	}
	if field.IsList() {
		n := &node{kind: "list"}
		for range 1 + g.IntN(3) {
			if g.odd() {
				n.items = append(n.items, g.anything(depth+1))
				continue
			}
			n.items = append(n.items, g.value(field, depth+1))
		}
		if g.odd() {
			n.items = nil
		}
		return n
	}
	return g.value(field, depth)
}

func (g *generator) value(field protoreflect.FieldDescriptor, depth int) *node {
	scalar := func(text string) *node { return &node{kind: "scalar", text: text} }
	raw := func(texts ...string) *node { return &node{kind: "raw", text: pick(g, texts)} }
	switch field.Kind() {
	case protoreflect.BoolKind:
		if g.odd() {
			return raw("yEs", "1", "0", "'true'", "\"yes\"", "tRUE", "!!bool 'on'", "!!str true", "!!bool x", "! yes", "!x true")
		}
		return raw("true", "false", "True", "FALSE", "yes", "no", "on", "off", "y", "n", "Y", "NO", "On")
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		if g.odd() {
			return raw(oddNumbers...)
		}
		return raw("1", "0", "-1", "100", "8760", "'36'", "1.0", "1e2", "0x1F", "017", "1_000", "+5", "\"12\"", "100000000", "0b11", "-0")
	case protoreflect.EnumKind:
		if g.odd() {
			return raw("DEBUG", "99", "-1", "'1'", "trace", "1.5", "2147483648", "1e1", "true", "!!str 1", "!!int '1'", "4294967297")
		}
		if g.chance(0.2) {
			return raw("0", "1", "2", "3", "1.0")
		}
		values := field.Enum().Values()
		return scalar(string(values.Get(g.IntN(values.Len())).Name()))
	case protoreflect.StringKind:
		return g.text()
	case protoreflect.MessageKind:
		if field.Message().FullName() == "google.protobuf.Duration" {
			if g.odd() {
				return scalar(pick(g, []string{"1m", "60", "060s", "1.1234567891s", "315576000001s", "-315576000001s", "s", ".s", "-.5s", "+.5s", "1e3s", "1_0s", "3600S", "1 s", "", "--1s", "-0s", "0.0000000001s", "315576000000.999999999s", "99999999999999999999s", "1.-5s", "1..s", "٣s"}))
			}
			return scalar(pick(g, []string{"60s", "1.5s", "0s", "-1s", "+1s", ".5s", "1.s", "1.123456789s", "300s", "0.000001s", "315576000000s", "1.50s", "-1.000000001s", "1.0s"}))
		}
		if depth > 12 {
			return raw("{}")
		}
		return g.message(field.Message(), depth)
	}
	return raw("x")
}

var oddNumbers = []string{"1.5", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "18446744073709551615",
	"18446744073709551616", "1e30", "'1e2'", "'1.0'", "' 1'", "'01'", "'+1'", "''", "'-0'", "'1e-1'", "'10e-1'", "0o17", "09", "0x", "1__0", ".5", "1.", ".inf", ".nan", "-.Inf",
	"1e400", "'1e400'", "'1E+2'", "-9223372036854775808", "-9223372036854775809", "'-9223372036854775808'", "9223372036854775807.0", "'9223372036854775807.0'", "9007199254740993", "'0x10'",
	"1e18", "1e19", "'1e18'", "123456789012345678901234567890", "190:20:30", "1:30", "!!int '0x10'", "!!float 1", "!!float '1.5'", "!!int 1.0", "'1.'", "'.5'", "'1e'", "+0x1F", "-017", "0b", "0b2",
	"2147483647.0", "2.147483647e9", "'2147483648'", "1e-7", "100e-2", "0.1e1", "'0.1e1'", "'000'", "'0e0'", "'-'", "0_", "_1", "1_", "0x_1", "0xG", "0B11", "0X1f", "0O17", "1e+2", "1E2", "+1e2", "-.5", "+.5", "._5", ".1_0", ".5_", "1_.5", "1._5"}

// text gives a text as they stand in such files, or one that YAML reads in an unexpected way.
func (g *generator) text() *node {
	if g.odd() {
		if g.chance(0.5) {
			return &node{kind: "raw", text: pick(g, oddTexts)}
		}
		return &node{kind: "scalar", text: g.scalarText()}
	}
	return &node{kind: "scalar", text: pick(g, []string{"acme/web/shop", "acme", "group/sub-group", "prod", "production", "review/*", "staging", "dev", "100m", "1Gi", "*.example.com",
		"workspaces.example.com", "10.0.0.0/8", "0.0.0.0/0", "default", "ns-1", "0 0 * * *", "@daily", "HIGH", "Pod", "main", "http://webhook.flux-system.svc", "a/b", "deployer", "$KUBE_NS", "a b c"})}
}

var oddTexts = []string{"", "''", "\"\"", "~", "yes", "1", "1.5", "123", "0123", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "!!timestamp 2001-01-01", "!!timestamp x", "!!str 123", "!!str", "!!str ''", "! x", "!", "!x y",
	"!!binary YS9i", "!!binary '!'", "!!binary /w==", "!!null ''", "!!null x", "!!int x", "!!bool 'x'", "!<tag:yaml.org,2002:str> 1", "!<x> 1", "!e!x y", "!a,b c", "![x!str a/b", "!![tr a/b", "!custom, a/b", "!],[ x", "!x] y", "!,x", "!a%20b c", "!a%zz c", "!{x} y", "!x{ y",
	"&a x", "&a", "&a !!str 1", "!!str &a 1", "&a &b x", "*a", "* x", "&", "@x", "`x", "%x", "-", "- x", "?", "? x", "?x", ":", ":x", "x:", "x: y", "x :y", "x #y", "x#y", "#x", "|", ">", "|+\n\n", "[", "]", "{", "}", ",", "x, y", "x]", "x}", "{x", "[x", "'x' y", "\"x\" y", "'x", "\"x", "\"\\x41\\u00e9\\U0001F600\\n\\t\\\\\"",
	"\"\\q\"", "\"\\/\"", "\"it\\'s\"", "\"\\ud83d\\ude00\"", "\"a\\\n  b\"", "\"a\n\n  b\"", "'it''s'", "x\ty", "\tx", "x \t", "x\u0085y", "x\u00a0y", "\u2028x", "é", "\u0001", "\u007f", "\ufeffx", "\ufffex", "😀", "a?b", "a:b", "a::b", "a: ", "[a:]", "[a: b]", "{a}", "{a: b}", "{? a : b}", "[? a : b]", "{a:b}", "{\"a\":b}", "{a: b, }", "[,]", "[a,,b]", "[a, ]", "{,}", "[[a]]", "[a, [b]]", "{<<: {a: b}}", "!!map {}", "!!seq []", "!!set {a}", "!!omap []",
	"!!str {}", "!!map []", "|-\n  x\n", ">\n  x\n  y\n", "|2\n   x\n", "|1-\n  x\n", "|\n\tx\n", "|x", "> x", "|9", "|0", "|-+", "|+1", "| # c\n  x\n", "--- x", "---", "...", "<<", "=", "!!merge <<", "\\", "a\\nb", "1e3x", "NaN", ".nan", "- - x", "a - b", "\"\"\"", "''''", "a\n  b", "a\n b: c", "a\n\n  b", "x\r", "\r", "[a\n  b]", "[a\n]", "\"\\\n\"", "\"\\x4\"", "\"\\u12\"", "\"\\0\"", "\"\\e\\a\\b\\v\\f\\r\\N\\_\\L\\P\"", "\"\\U00110000\"", "\"\\uDC00\""}

// scalarText gives a text whose characters are chosen one by one.
func (g *generator) scalarText() string {
	pieces := []string{"a", "b", "x", "1", "0", " ", "/", "-", "_", ".", ":", "#", ",", "[", "]", "{", "}", "!", "&", "*", "?", "|", ">", "'", "\"", "%", "@", "`", "\\", "~", "=", "+", "é", "😀", "\t", "\u00a0", "\n", "$", "yes", "null", "1.5"}
	var b strings.Builder
	for range g.IntN(6) {
		b.WriteString(pick(g, pieces))
	}
	if g.hasLongKeys && g.chance(0.01) {
		return strings.Repeat("x", 1015+g.IntN(15))
	}
	return b.String()
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII })
}

func (g *generator) word() string {
	return pick(g, []string{"a", "b", "x", "base", "defaults", "x-1", "x_y", "é", "a/b", ""})
}

func (g *generator) anything(depth int) *node {
	switch {
	case depth < 10 && g.chance(0.15):
		n := &node{kind: "list"}
		for range g.IntN(3) {
			n.items = append(n.items, g.anything(depth+1))
		}
		return n
	case depth < 10 && g.chance(0.15):
		n := &node{kind: "map"}
		for range g.IntN(3) {
			n.entries = append(n.entries, entry{g.scalarText(), g.anything(depth + 1)})
		}
		return n
	case g.chance(0.15):
		return &node{kind: "raw", text: pick(g, oddNumbers)}
	case g.chance(0.5):
		return &node{kind: "raw", text: pick(g, oddTexts)}
	case g.chance(0.2):
		return g.alias()
	default:
		return &node{kind: "scalar", text: g.scalarText()}
	}
}

// properties writes an anchor and a tag before a node, seldom.
func (g *generator) properties(b *strings.Builder, kind string, breaks bool) {
	var parts []string
	if g.odd() || g.chance(0.01) {
		g.next++
		name := fmt.Sprintf("a%d", g.next)
		if g.odd() {
			name = g.word()
		}
		g.anchors = append(g.anchors, anchor{name, kind})
		parts = append(parts, "&"+name)
	}
	if g.odd() {
		tags := []string{"!!str", "!!map", "!!seq", "!", "!x", "!!x", "!<tag:yaml.org,2002:map>", "!<!x>", "!e!x", "!a,b", "![x", "!x]", "!![tr", "!x,", "!,", "!]", "!!int", "!!null", "!!binary", "!a!b!c", "!'x'", "!x:y", "!x;y?&=+$*~", "!!", "!<>", "!<x", "!%41", "!a%2Cb", "!x#y", "!!merge"}
		switch kind {
		case "map":
			tags = append(tags, "!!map", "!!map", "!!map", "!custom", "!custom")
		case "list":
			tags = append(tags, "!!seq", "!!seq", "!!seq", "!custom", "!custom")
		default:
			tags = append(tags, "!!str", "!!str", "!!str", "!custom", "!custom")
		}
		parts = append(parts, pick(g, tags))
	}
	if g.chance(0.3) && len(parts) == 2 {
		parts[0], parts[1] = parts[1], parts[0]
	}
	for _, part := range parts {
		b.WriteString(part)
		switch {
		case breaks && g.odd():
			b.WriteString("\n" + strings.Repeat(" ", g.IntN(12)))
		case g.odd():
			b.WriteString(pick(g, []string{"", "  ", "\t", " # c\n   "}))
		default:
			b.WriteString(" ")
		}
	}
}

// key writes a key without its colon.
func (g *generator) key(b *strings.Builder, key string, inFlow bool) {
	if g.odd() {
		b.WriteString("? ")
	}
	if g.odd() {
		g.properties(b, "scalar", false)
	}
	if g.odd() || key == "" || strings.ContainsAny(key, "\n\"'#:[]{},!&*?|>%@`\\\t ") {
		b.WriteString(g.quoted(key, inFlow, 0))
		return
	}
	b.WriteString(key)
	if g.hasLongKeys && isASCII(key) && g.odd() && g.chance(0.1) {
		// A key ends within 1024 characters, or it is none.
		b.WriteString(strings.Repeat(" ", max(0, 1000-len(key))+g.IntN(40)))
	}
}

// quoted writes a text in one of the styles that suit a line.
func (g *generator) quoted(text string, inFlow bool, plain float64) string {
	switch {
	case g.chance(plain) && !strings.Contains(text, "\n"):
		return text
	case g.chance(0.5):
		return "'" + strings.ReplaceAll(strings.ReplaceAll(text, "'", "''"), "\n", "\n\n  ") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString("\\n")
		case c == '\t' && g.chance(0.5):
			b.WriteString("\\t")
		case c == '\'' && g.odd():
			b.WriteString("\\'")
		case g.odd() && c < 256:
			fmt.Fprintf(&b, "\\x%02x", c)
		case g.odd() && c < 0x10000:
			fmt.Fprintf(&b, "\\u%04X", c)
		case g.odd():
			fmt.Fprintf(&b, "\\U%08x", c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func isPlain(text string, inFlow bool) bool {
	if text == "" || strings.ContainsAny(text[:1], "-?:,[]{}#&*!|>'\"%@` \t") || strings.HasSuffix(text, " ") {
		return false
	}
	if inFlow && strings.ContainsAny(text, ",[]{}?") {
		return false
	}
	return !strings.Contains(text, ": ") && !strings.Contains(text, " #") && !strings.HasSuffix(text, ":") && !strings.ContainsAny(text, "\n\t")
}

func (g *generator) inline(text string, inFlow bool) string {
	plain := 0.0
	if isPlain(text, inFlow) {
		plain = 0.75
	} else if g.odd() {
		plain = 1
	}
	return g.quoted(text, inFlow, plain)
}

func (g *generator) comment(b *strings.Builder) {
	switch {
	case g.chance(0.02):
		b.WriteString(" # a comment")
	case g.odd():
		b.WriteString(pick(g, []string{"#x", "\t# x", " #", "  ", " \t", " # ' \" [ {", "# x"}))
	}
}

// block writes a collection in block style, each of its lines indented so far.
func (g *generator) block(b *strings.Builder, n *node, indent int) {
	space := strings.Repeat(" ", indent)
	if n.kind == "list" {
		for _, item := range n.items {
			g.between(b)
			b.WriteString(g.indentation(space) + "-")
			g.value1(b, item, indent, indent+2, true)
		}
		return
	}
	for _, e := range n.entries {
		g.between(b)
		b.WriteString(g.indentation(space))
		g.blockEntry(b, e, indent)
	}
}

func (g *generator) blockEntry(b *strings.Builder, e entry, indent int) {
	g.key(b, e.key, false)
	if g.odd() {
		b.WriteString(pick(g, []string{" ", "  ", "\t", "\n" + strings.Repeat(" ", indent)}))
	}
	b.WriteString(":")
	g.value1(b, e.value, indent, indent+2, false)
}

func (g *generator) indentation(space string) string {
	if g.odd() && g.chance(0.3) {
		return pick(g, []string{space + " ", strings.TrimPrefix(space, " "), strings.Replace(space, "  ", "\t", 1), space + "\t"})
	}
	return space
}

// between writes what may stand between two entries.
func (g *generator) between(b *strings.Builder) {
	switch {
	case g.chance(0.02):
		b.WriteString(pick(g, []string{"\n", "# a comment\n", "      # deeper\n"}))
	case g.odd():
		b.WriteString(pick(g, []string{"  \n", "\t\n", "#\n", "# é 😀\n", "\t# x\n", "\r\n", "\u0085", "\u2028"}))
	}
}

// value1 writes the value behind a colon or a dash.
func (g *generator) value1(b *strings.Builder, n *node, indent, deeper int, inList bool) {
	gap := " "
	if g.odd() {
		gap = pick(g, []string{"  ", "\t", " \t ", "", "\n" + strings.Repeat(" ", g.IntN(deeper+3))})
	}
	switch n.kind {
	case "raw":
		b.WriteString(gap + n.text)
		g.comment(b)
		b.WriteString("\n")
		return
	case "scalar":
		b.WriteString(gap)
		g.properties(b, "scalar", true)
		if g.chance(0.03) || strings.Contains(n.text, "\n") && g.chance(0.5) {
			g.blockScalar(b, n.text, deeper)
			return
		}
		b.WriteString(g.inline(n.text, false))
		g.comment(b)
		b.WriteString("\n")
		return
	}
	isEmpty := len(n.items) == 0 && len(n.entries) == 0
	if isEmpty || g.chance(0.2) {
		b.WriteString(gap)
		g.properties(b, n.kind, true)
		g.flow(b, n, deeper)
		g.comment(b)
		b.WriteString("\n")
		return
	}
	var properties strings.Builder
	g.properties(&properties, n.kind, false)
	if written := strings.TrimRight(properties.String(), " "); written != "" {
		b.WriteString(gap + written)
	} else if inList && n.kind == "map" && !g.chance(0.05) {
		// The first key stands behind the dash.
		b.WriteString(" ")
		g.blockEntry(b, n.entries[0], deeper)
		g.block(b, &node{kind: "map", entries: n.entries[1:]}, deeper)
		return
	} else if inList && n.kind == "list" && g.chance(0.5) {
		b.WriteString(" -")
		g.value1(b, n.items[0], deeper, deeper+2, true)
		g.block(b, &node{kind: "list", items: n.items[1:]}, deeper)
		return
	}
	g.comment(b)
	b.WriteString("\n")
	at := deeper
	if n.kind == "list" && !inList && g.chance(0.3) {
		at = indent
	} else if g.chance(0.1) {
		at = indent + 1 + g.IntN(5)
	}
	g.block(b, n, at)
}

func (g *generator) blockScalar(b *strings.Builder, text string, indent int) {
	header := pick(g, []string{"|", "|-", ">", ">-", "|+", ">+"})
	if g.odd() {
		header = pick(g, []string{"|1", "|2-", ">1+", "|-2", "| # c", "|  ", "|\t", "|#c", "|0", "|3", ">9"})
	}
	b.WriteString(header + "\n")
	space := strings.Repeat(" ", indent)
	for _, line := range strings.Split(text, "\n") {
		b.WriteString(g.indentation(space) + line + "\n")
		if g.odd() {
			b.WriteString(pick(g, []string{"\n", "   \n", "\t\n", space + "  x\n", space + "\tx\n", "# c\n", space + "# c\n"}))
		}
	}
}

// flow writes a value in flow style; further lines are indented so far.
func (g *generator) flow(b *strings.Builder, n *node, indent int) {
	gap := func() {
		switch {
		case g.odd():
			b.WriteString(pick(g, []string{"", "  ", "\t", "\n" + strings.Repeat(" ", g.IntN(6)), " # c\n  ", "#c\n  ", "\n\t"}))
		case g.chance(0.05):
			b.WriteString("\n" + strings.Repeat(" ", indent+2))
		default:
			b.WriteString(" ")
		}
	}
	switch n.kind {
	case "raw":
		b.WriteString(n.text)
	case "scalar":
		b.WriteString(g.inline(n.text, true))
	case "list":
		b.WriteString("[")
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(",")
				gap()
			}
			g.properties(b, item.kind, true)
			g.flow(b, item, indent)
		}
		g.flowEnd(b, "]", gap)
	case "map":
		b.WriteString("{")
		for i, e := range n.entries {
			if i > 0 {
				b.WriteString(",")
				gap()
			}
			g.key(b, e.key, true)
			if g.odd() {
				b.WriteString(pick(g, []string{" ", "\n ", "\t"}))
			}
			b.WriteString(":")
			gap()
			g.properties(b, e.value.kind, true)
			g.flow(b, e.value, indent)
		}
		g.flowEnd(b, "}", gap)
	}
}

func (g *generator) flowEnd(b *strings.Builder, end string, gap func()) {
	switch {
	case g.odd():
		b.WriteString(pick(g, []string{",", ", ", " ", "\n", "", ",,", "]", "}"}))
	case g.chance(0.03):
		gap()
	}
	b.WriteString(end)
}
