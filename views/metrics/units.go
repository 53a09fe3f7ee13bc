package metrics

import (
	"strings"
	"sync"
)

// unit is what a unit of entities becomes: Prometheus wants base units, and words for them.
type unit struct {
	word string
	// A value becomes (value - zero) · times / by: a factor such as 0.001, which no float64 has, would lose more.
	zero, times, by float64
}

func as(word string, times float64) unit { return unit{word, 0, times, 1} }

func by(word string, by float64) unit { return unit{word, 0, 1, by} }

// base returns a value in the base unit.
func (u unit) base(value float64) float64 { return (value - u.zero) * u.times / u.by }

const (
	inch  = 0.0254
	foot  = 12 * inch
	yard  = 3 * foot
	mile  = 1760 * yard
	pound = 453.59237
	gal   = 231 * inch * inch * inch // cubic metres
	btu   = 1055.05585262
	cal   = 4.184
	hour  = 3600.
	day   = 24 * hour
)

// units returns them by name. The map is made when it is needed for the first time.
var units = sync.OnceValue(newUnits)

// newUnits returns the units that Home Assistant takes for its device classes (entity/classes.go), as it spells them, with U+03BC for micro.
func newUnits() map[string]unit {
	units := map[string]unit{
		"%":   by("ratio", 100),
		"ppm": by("ratio", 1e6),
		"ppb": by("ratio", 1e9),

		"°C": as("celsius", 1),
		"°F": {"celsius", 32, 5, 9},
		"K":  {"celsius", 273.15, 1, 1},

		"V": as("volts", 1), "mV": by("volts", 1e3), "kV": as("volts", 1e3), "μV": by("volts", 1e6), "MV": as("volts", 1e6),
		"A": as("amperes", 1), "mA": by("amperes", 1e3),
		"W": as("watts", 1), "mW": by("watts", 1e3), "kW": as("watts", 1e3), "MW": as("watts", 1e6), "GW": as("watts", 1e9), "TW": as("watts", 1e12),
		"VA": as("volt_amperes", 1), "mVA": by("volt_amperes", 1e3), "kVA": as("volt_amperes", 1e3),
		"var": as("vars", 1), "mvar": by("vars", 1e3), "kvar": as("vars", 1e3),
		"varh": as("var_seconds", hour), "kvarh": as("var_seconds", 1e3*hour),
		"Hz": as("hertz", 1), "kHz": as("hertz", 1e3), "MHz": as("hertz", 1e6), "GHz": as("hertz", 1e9),
		"S/cm": as("siemens_per_meter", 100), "mS/cm": by("siemens_per_meter", 10), "μS/cm": by("siemens_per_meter", 1e4),

		"J": as("joules", 1), "kJ": as("joules", 1e3), "MJ": as("joules", 1e6), "GJ": as("joules", 1e9),
		"mWh": as("joules", 3.6), "Wh": as("joules", hour), "kWh": as("joules", 3.6e6), "MWh": as("joules", 3.6e9), "GWh": as("joules", 3.6e12), "TWh": as("joules", 3.6e15),
		"cal": as("joules", cal), "kcal": as("joules", 1e3*cal), "Mcal": as("joules", 1e6*cal), "Gcal": as("joules", 1e9*cal),
		"kWh/100km": as("joules_per_meter", 36), "Wh/km": as("joules_per_meter", 3.6), "mi/kWh": as("meters_per_joule", mile/3.6e6), "km/kWh": by("meters_per_joule", 3600),

		"Pa": as("pascals", 1), "mPa": by("pascals", 1e3), "hPa": as("pascals", 100), "kPa": as("pascals", 1e3), "bar": as("pascals", 1e5), "cbar": as("pascals", 1e3),
		"mbar": as("pascals", 100), "mmHg": as("pascals", 133.322387415), "inHg": as("pascals", 3386.388640341), "inH₂O": as("pascals", 249.08891), "psi": as("pascals", 6894.757293168),

		"m": as("meters", 1), "mm": by("meters", 1e3), "cm": by("meters", 100), "km": as("meters", 1e3),
		"in": as("meters", inch), "ft": as("meters", foot), "yd": as("meters", yard), "mi": as("meters", mile), "nmi": as("meters", 1852),
		"m²": as("square_meters", 1), "cm²": by("square_meters", 1e4), "km²": as("square_meters", 1e6), "mm²": by("square_meters", 1e6), "in²": as("square_meters", inch*inch),
		"ft²": as("square_meters", foot*foot), "yd²": as("square_meters", yard*yard), "mi²": as("square_meters", mile*mile), "ac": as("square_meters", 4840*yard*yard), "ha": as("square_meters", 1e4),

		"m³": as("cubic_meters", 1), "L": by("cubic_meters", 1e3), "mL": by("cubic_meters", 1e6), "ft³": as("cubic_meters", foot*foot*foot),
		"CCF": as("cubic_meters", 100*foot*foot*foot), "MCF": as("cubic_meters", 1000*foot*foot*foot), "gal": as("cubic_meters", gal), "fl. oz.": as("cubic_meters", gal/128),
		"m³/h": by("cubic_meters_per_second", hour), "m³/min": by("cubic_meters_per_second", 60), "m³/s": as("cubic_meters_per_second", 1),
		"L/h": by("cubic_meters_per_second", 1e3*hour), "L/min": by("cubic_meters_per_second", 6e4), "L/s": by("cubic_meters_per_second", 1e3), "mL/s": by("cubic_meters_per_second", 1e6),
		"ft³/min": as("cubic_meters_per_second", foot*foot*foot/60), "gal/min": as("cubic_meters_per_second", gal/60),
		"gal/h": as("cubic_meters_per_second", gal/hour), "gal/d": as("cubic_meters_per_second", gal/day),

		"m/s": as("meters_per_second", 1), "km/h": by("meters_per_second", 3.6), "m/min": by("meters_per_second", 60), "mm/s": by("meters_per_second", 1e3),
		"kn": {"meters_per_second", 0, 1852, hour}, "mph": as("meters_per_second", mile/hour), "ft/s": as("meters_per_second", foot), "in/s": as("meters_per_second", inch),
		"mm/h": by("meters_per_second", 1e3*hour), "mm/d": by("meters_per_second", 1e3*day), "in/h": as("meters_per_second", inch/hour), "in/d": as("meters_per_second", inch/day),
		"Beaufort": as("beaufort", 1),

		"kg": as("grams", 1e3), "g": as("grams", 1), "mg": by("grams", 1e3), "μg": by("grams", 1e6), "oz": as("grams", pound/16), "lb": as("grams", pound), "st": as("grams", 14*pound),
		"g/m³": as("grams_per_cubic_meter", 1), "mg/m³": by("grams_per_cubic_meter", 1e3), "μg/m³": by("grams_per_cubic_meter", 1e6),
		"mg/dL": as("grams_per_cubic_meter", 10), "mmol/L": as("moles_per_cubic_meter", 1),

		"s": as("seconds", 1), "ms": by("seconds", 1e3), "μs": by("seconds", 1e6), "min": as("seconds", 60), "h": as("seconds", hour), "d": as("seconds", day),

		"lx": as("lux", 1), "W/m²": as("watts_per_square_meter", 1), "BTU/(h⋅ft²)": as("watts_per_square_meter", btu/hour/(foot*foot)),
		"dB": as("decibels", 1), "dBA": as("decibels", 1), "dBm": as("decibel_milliwatts", 1), "°": as("degrees", 1),
	}
	for prefix, size := range sizes {
		for name, of := range map[string]unit{prefix + "B": as("bytes", size), prefix + "bit": {"bytes", 0, size, 8}} {
			units[name] = of
			of.word += "_per_second"
			units[name+"/s"] = of
		}
	}
	return units
}

// sizes are the prefixes of bytes and bits.
var sizes = map[string]float64{
	"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60, "Zi": 1 << 70, "Yi": 1 << 80,
}

// unitOf returns the unit of an entity's values. A difference of temperatures has no zero. A unit that is not known keeps its values, and
// what of its name can stand in that of a metric.
func unitOf(name, class string) unit {
	name = strings.ReplaceAll(name, "µ", "μ") // U+00B5
	u, ok := units()[name]
	switch {
	case !ok:
		return as(slug(name), 1)
	case class == "temperature_delta":
		u.zero = 0
	}
	return u
}

// slug returns what of a text can stand in the name of a metric.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "_")
}
