package sheet

import (
	"strings"

	"golang.org/x/text/language"

	"heed"
)

// Stateless is what CountryNamed gives for the codes of ICAO Doc 9303 part 3
// section 5 that name no state: holders who are stateless (XXA), refugees (XXB,
// XXC), of unspecified nationality (XXX), and officials of organisations.
const Stateless heed.Country = ""

// CountryNamed reads a country as records write it: ISO 3166-1 in two or three
// letters, a code of ICAO Doc 9303, or the country's name.
func CountryNamed(s string) (heed.Country, bool) {
	s = strings.Trim(strings.TrimSpace(s), "<")
	upper := strings.ToUpper(s)
	if c, ok := travelCodes[upper]; ok {
		return c, true
	}
	if len(upper) == 2 || len(upper) == 3 {
		if r, err := language.ParseRegion(upper); err == nil && r.IsCountry() {
			if r = r.Canonicalize(); r.IsCountry() && len(r.String()) == 2 && (r.String() == upper || r.ISO3() == upper) {
				return heed.Country(r.String()), true
			}
		}
	}
	c, ok := countryNames[fold(s)]
	return c, ok
}

// travelCodes are the codes of ICAO Doc 9303 part 3 section 5 that are not those
// of ISO 3166-1, and UK, which people write.
var travelCodes = map[string]heed.Country{
	"D": "DE", "UK": "GB", "EUE": Stateless, "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB", "RKS": "XK", "XKX": "XK", "UNK": "XK", "ROM": "RO", "ZAR": "CD", "TMP": "TL",
	"UNO": Stateless, "UNA": Stateless, "XOM": Stateless, "XPO": Stateless, "XCC": Stateless, "XXA": Stateless, "XXB": Stateless, "XXC": Stateless, "XXX": Stateless,
	"XAA": Stateless, "XBA": Stateless, "XIM": Stateless, "XCO": Stateless, "XEC": Stateless, "XMP": Stateless, "XDC": Stateless, "XCE": Stateless,
	"STATELESS": Stateless, "UTO": Stateless,
}
