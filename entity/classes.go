package entity

// This file holds which units and state classes Home Assistant takes for a device class. It drops an entity whose unit does not fit
// its class, with a line in its own log as the only trace. Sources, in github.com/home-assistant/core:
//
//	DEVICE_CLASS_UNITS           homeassistant/components/number/const.py at 03a591e6, which sensor/const.py is aligned with
//	DEVICE_CLASS_STATE_CLASSES   homeassistant/components/sensor/const.py at 00eb6680
//	the UnitOf… enumerations     homeassistant/const.py of the same time
//	device classes of the rest   binary_sensor/__init__.py at 027590d9; switch, button and event/__init__.py

// State classes.
const (
	Measurement     = "measurement"
	Total           = "total"
	TotalIncreasing = "total_increasing"
)

// class is what Home Assistant takes with a device class of numbers.
type class struct {
	units  []string // "" among them: none is right, too; nil: any
	states []string // the first is the default; nil: none
}

var (
	measured  = []string{Measurement}
	counted   = []string{TotalIncreasing, Total}
	anyState  = []string{Measurement, Total, TotalIncreasing}
	percent   = []string{"%"}
	ppm       = []string{"ppm"}
	perCubic  = []string{"μg/m³"}
	pressures = []string{"mPa", "Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "inH₂O", "psi"}
	energies  = []string{"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"}
	lengths   = []string{"mm", "cm", "m", "km", "in", "ft", "yd", "mi", "nmi"}
	speeds    = []string{"m/s", "km/h", "m/min", "mm/s", "kn", "mph", "ft/s", "in/s", "Beaufort"}
	fluxes    = []string{"mm/h", "mm/d", "in/h", "in/d"}
	volumes   = []string{"L", "mL", "m³", "ft³", "CCF", "MCF", "gal", "fl. oz."}
	sizes     = []string{
		"bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB",
	}
	rates = []string{
		"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s", "GB/s", "KiB/s", "MiB/s", "GiB/s",
	}
)

// numberClasses are the device classes of numbers, read or written.
var numberClasses = map[string]class{
	"absolute_humidity":                {[]string{"g/m³", "mg/m³"}, measured},
	"apparent_power":                   {[]string{"mVA", "VA", "kVA"}, measured},
	"aqi":                              {[]string{""}, measured},
	"area":                             {[]string{"m²", "cm²", "km²", "mm²", "in²", "ft²", "yd²", "mi²", "ac", "ha"}, anyState},
	"atmospheric_pressure":             {pressures, measured},
	"battery":                          {percent, measured},
	"blood_glucose_concentration":      {[]string{"mg/dL", "mmol/L"}, measured},
	"carbon_dioxide":                   {ppm, measured},
	"carbon_monoxide":                  {[]string{"ppm", "mg/m³"}, measured},
	"conductivity":                     {[]string{"S/cm", "mS/cm", "μS/cm"}, measured},
	"current":                          {[]string{"A", "mA"}, measured},
	"data_rate":                        {rates, measured},
	"data_size":                        {sizes, anyState},
	"distance":                         {lengths, anyState},
	"duration":                         {[]string{"d", "h", "min", "s", "ms", "μs"}, anyState},
	"energy":                           {energies, counted},
	"energy_distance":                  {[]string{"kWh/100km", "Wh/km", "mi/kWh", "km/kWh"}, measured},
	"energy_storage":                   {energies, measured},
	"frequency":                        {[]string{"Hz", "kHz", "MHz", "GHz"}, measured},
	"gas":                              {[]string{"m³", "L", "ft³", "CCF", "MCF"}, counted},
	"humidity":                         {percent, measured},
	"illuminance":                      {[]string{"lx"}, measured},
	"irradiance":                       {[]string{"W/m²", "BTU/(h⋅ft²)"}, measured},
	"moisture":                         {percent, measured},
	"monetary":                         {nil, []string{Total}},
	"nitrogen_dioxide":                 {perCubic, measured},
	"nitrogen_monoxide":                {perCubic, measured},
	"nitrous_oxide":                    {perCubic, measured},
	"ozone":                            {perCubic, measured},
	"ph":                               {[]string{""}, measured},
	"pm1":                              {perCubic, measured},
	"pm10":                             {perCubic, measured},
	"pm25":                             {perCubic, measured},
	"pm4":                              {perCubic, measured},
	"power":                            {[]string{"W", "kW", "mW", "MW", "GW", "TW"}, measured},
	"power_factor":                     {[]string{"%", ""}, measured},
	"precipitation":                    {[]string{"mm", "cm", "in"}, anyState},
	"precipitation_intensity":          {fluxes, measured},
	"pressure":                         {pressures, measured},
	"reactive_energy":                  {[]string{"varh", "kvarh"}, counted},
	"reactive_power":                   {[]string{"var", "mvar", "kvar"}, measured},
	"signal_strength":                  {[]string{"dB", "dBm"}, measured},
	"sound_pressure":                   {[]string{"dB", "dBA"}, measured},
	"speed":                            {append(append([]string(nil), speeds...), fluxes...), measured},
	"sulphur_dioxide":                  {perCubic, measured},
	"temperature":                      {[]string{"°C", "°F", "K"}, measured},
	"temperature_delta":                {[]string{"°C", "°F", "K"}, measured},
	"volatile_organic_compounds":       {[]string{"μg/m³", "mg/m³"}, measured},
	"volatile_organic_compounds_parts": {[]string{"ppm", "ppb"}, measured},
	"voltage":                          {[]string{"V", "mV", "kV", "μV", "MV"}, measured},
	"volume":                           {volumes, []string{TotalIncreasing, Total}},
	"volume_flow_rate":                 {[]string{"m³/h", "m³/min", "m³/s", "L/h", "L/min", "L/s", "mL/s", "ft³/min", "gal/min", "gal/h", "gal/d"}, measured},
	"volume_storage":                   {volumes, measured},
	"water":                            {[]string{"m³", "L", "ft³", "CCF", "MCF", "gal"}, counted},
	"weight":                           {[]string{"kg", "g", "mg", "μg", "oz", "lb", "st"}, anyState},
	"wind_direction":                   {[]string{"°"}, nil},
	"wind_speed":                       {speeds, measured},
}

// otherClasses are the device classes of what is no number: of a Bool that is read a binary_sensor's, of one that is written a
// switch's, of a Text that is read a sensor's of times.
var (
	readBoolClasses = []string{
		"battery", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door", "garage_door", "gas", "heat", "light", "lock",
		"moisture", "motion", "moving", "occupancy", "opening", "plug", "power", "presence", "problem", "running", "safety", "smoke", "sound",
		"tamper", "update", "vibration", "window",
	}
	writtenBoolClasses = []string{"outlet", "switch"}
	readTextClasses    = []string{"date", "timestamp"}
	readEnumClasses    = []string{"enum"}
	eventClasses       = []string{"button", "doorbell", "motion"}
	buttonClasses      = []string{"identify", "restart", "update"}
)

// classesOf returns the device classes that an entity of the kind may have, read or written, sorted; nil: none.
func classesOf(kind Kind, write bool) []string {
	switch {
	case kind == Number:
		return sortedKeys(numberClasses)
	case kind == Bool && write:
		return writtenBoolClasses
	case kind == Bool:
		return readBoolClasses
	case kind == Enum && !write:
		return readEnumClasses
	case kind == Text && !write:
		return readTextClasses
	case kind == Event:
		return eventClasses
	case kind == Button:
		return buttonClasses
	}
	return nil
}

// StateClass returns the state class of e: State, or the default of its Class, which is measurement without one. It is "" for what
// is no number, for a class that has none, and for a number that is written, which Home Assistant keeps no statistics of.
func (e *Entity) StateClass() string {
	if e.Kind != Number || e.Write {
		return ""
	}
	if e.State != "" {
		return e.State
	}
	c, ok := numberClasses[e.Class]
	switch {
	case !ok:
		return Measurement
	case len(c.states) == 0:
		return ""
	}
	return c.states[0]
}

// takes reports whether the class has the unit. Home Assistant takes both micro signs, U+00B5 and U+03BC.
func (c class) takes(unit string) bool {
	if c.units == nil {
		return unit != ""
	}
	for _, u := range c.units {
		if u == unit || micro(u) == micro(unit) {
			return true
		}
	}
	return false
}
