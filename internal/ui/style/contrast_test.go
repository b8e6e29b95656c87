package style_test

import (
	"math"
	"strconv"
	"testing"

	"conway/internal/ui/style"
	"conway/themes"
)

type rgb [3]float64

func parse(t *testing.T, hex string) rgb {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func linear(c rgb) rgb {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return c
}

// contrast is the ratio of WCAG 2.2, 1 to 21.
func contrast(a, b rgb) float64 {
	lum := func(c rgb) float64 { l := linear(c); return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] }
	x, y := lum(a), lum(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast holds every theme to WCAG AA: 4.5 to 1 for text, 3 to 1 for what
// is only looked at. A theme that leaves the background to the terminal has none
// to be measured against, and then may not name a colour by value either.
func TestContrast(t *testing.T) {
	for _, name := range themes.Names() {
		s := load(t, name)
		least := 21.0
		for _, r := range style.Roles() {
			look := s.Look(r)
			if name == "terminal" {
				continue
			}
			if look.Back == "" {
				t.Errorf("%s: %s leaves its background to the terminal, which may be white", name, r)
				continue
			}
			need := 4.5
			switch {
			case r == style.Border || r == style.Bar:
				need = 3
			case name == "high-contrast":
				need = 7
			}
			got := contrast(parse(t, look.Fore), parse(t, look.Back))
			if got < need {
				t.Errorf("%s: %s is %.2f to 1, needs %.1f", name, r, got, need)
			}
			if need > 3 {
				least = min(least, got)
			}
		}
		if name != "terminal" {
			t.Logf("%-14s least contrast of a text role %.2f", name, least)
		}
	}
}

// states are the roles that tell a state by their colour too.
func states() []style.Role {
	return []style.Role{style.OK, style.Warn, style.Error, style.Text}
}

// TestStatesDifferForEveryKindOfColourVision looks at the colour-blind theme as
// somebody with protanopia, deuteranopia or tritanopia does (Machado, Oliveira
// and Fernandes 2009, severity 1). A sign beside it says the state in any case.
func TestStatesDifferForEveryKindOfColourVision(t *testing.T) {
	kinds := map[string][3]rgb{
		"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
	s := load(t, "colour-blind")
	for name, m := range kinds {
		least := math.Inf(1)
		for i, a := range states() {
			for _, b := range states()[:i] {
				d := distance(seen(m, parse(t, s.Look(a).Fore)), seen(m, parse(t, s.Look(b).Fore)))
				least = min(least, d)
				if d < 20 {
					t.Errorf("%s: %s and %s differ by %.1f", name, a, b, d)
				}
			}
		}
		t.Logf("%-13s least difference between two states %.1f", name, least)
	}
}

// seen returns the linear colour that an eye of a kind gets.
func seen(m [3]rgb, c rgb) rgb {
	l := linear(c)
	var out rgb
	for i := range out {
		out[i] = min(1, max(0, m[i][0]*l[0]+m[i][1]*l[1]+m[i][2]*l[2]))
	}
	return out
}

// distance is CIE76 in Lab: about 2 can just be told apart.
func distance(a, b rgb) float64 {
	p, q := lab(a), lab(b)
	return math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
}

func lab(c rgb) rgb {
	f := func(v float64) float64 {
		if v > 0.008856 {
			return math.Cbrt(v)
		}
		return 7.787*v + 16.0/116
	}
	x := f((0.4124564*c[0] + 0.3575761*c[1] + 0.1804375*c[2]) / 0.95047)
	y := f(0.2126729*c[0] + 0.7151522*c[1] + 0.0721750*c[2])
	z := f((0.0193339*c[0] + 0.1191920*c[1] + 0.9503041*c[2]) / 1.08883)
	return rgb{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestNightHasLittleBlueAndGreyscaleNoColour(t *testing.T) {
	night, grey := load(t, "night"), load(t, "greyscale")
	for _, r := range style.Roles() {
		for _, hex := range []string{night.Look(r).Fore, night.Look(r).Back} {
			if c := parse(t, hex); c[2] > 0.85*c[0] {
				t.Errorf("night: %s is %s", r, hex)
			}
		}
		for _, hex := range []string{grey.Look(r).Fore, grey.Look(r).Back} {
			if c := parse(t, hex); c[0] != c[1] || c[1] != c[2] {
				t.Errorf("greyscale: %s is %s", r, hex)
			}
		}
	}
}

// TestStatesDifferWithoutColour looks at what a monochrome terminal is left
// with: in greyscale, attributes or brightness tell the states apart.
func TestStatesDifferWithoutColour(t *testing.T) {
	s := load(t, "greyscale")
	seen := map[string]style.Role{}
	for _, r := range append(states(), style.Critical, style.Pending, style.Stale, style.Selected, style.Marker) {
		look := draw(s, r, "x")
		if other, ok := seen[look]; ok {
			t.Errorf("%s looks like %s", r, other)
		}
		seen[look] = r
	}
}

func load(t *testing.T, name string) style.Sheet {
	t.Helper()
	data, err := themes.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := style.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
