package sheet

import (
	"strings"

	"heed"
)

// DocumentTypeNamed reads the sort of a document as records write it: a word of
// ours, a code of ICAO Doc 9303 (P, V, I, A, C), or what people call it. What is
// not known is heed.DocumentOther, and false.
func DocumentTypeNamed(s string) (heed.DocumentType, bool) {
	t, ok := documentWords[fold(s)]
	if !ok {
		// The second letter of a document code is the issuer's own (Doc 9303 part 3
		// section 4.2.2).
		if code := strings.ToUpper(strings.Trim(s, "< ")); len(code) == 2 {
			t, ok = documentWords[strings.ToLower(code[:1])]
		}
	}
	if !ok {
		return heed.DocumentOther, false
	}
	return t, true
}

var documentWords = map[string]heed.DocumentType{
	"p": heed.DocumentPassport, "pp": heed.DocumentPassport, "passport": heed.DocumentPassport, "паспорт": heed.DocumentPassport, "загранпаспорт": heed.DocumentPassport, "passeport": heed.DocumentPassport, "pasaporte": heed.DocumentPassport, "reisepass": heed.DocumentPassport, "diplomaticpassport": heed.DocumentPassport, "servicepassport": heed.DocumentPassport,
	"i": heed.DocumentIdentityCard, "id": heed.DocumentIdentityCard, "a": heed.DocumentIdentityCard, "c": heed.DocumentIdentityCard, "identitycard": heed.DocumentIdentityCard, "idcard": heed.DocumentIdentityCard, "nationalidcard": heed.DocumentIdentityCard, "удостоверениеличности": heed.DocumentIdentityCard, "personalausweis": heed.DocumentIdentityCard,
	"v": heed.DocumentVisa, "visa": heed.DocumentVisa, "виза": heed.DocumentVisa, "visum": heed.DocumentVisa,
	"residencepermit": heed.DocumentResidencePermit, "permit": heed.DocumentResidencePermit, "rp": heed.DocumentResidencePermit, "permanentresidentcard": heed.DocumentResidencePermit, "виднажительство": heed.DocumentResidencePermit, "residencynumber": heed.DocumentResidencePermit,
	"drivinglicence": heed.DocumentDrivingLicence, "drivinglicense": heed.DocumentDrivingLicence, "driverslicence": heed.DocumentDrivingLicence, "driverslicense": heed.DocumentDrivingLicence, "водительскоеудостоверение": heed.DocumentDrivingLicence,
	"traveldocument": heed.DocumentTravelDocument, "refugeetraveldocument": heed.DocumentTravelDocument, "statelesspersonpassport": heed.DocumentTravelDocument, "laissezpasser": heed.DocumentTravelDocument, "traveldocumentnumber": heed.DocumentTravelDocument,
	"seamansbook": heed.DocumentSeamansBook, "seamanbook": heed.DocumentSeamansBook, "seafarersidentificationdocument": heed.DocumentSeamansBook, "seamansidentificationdocument": heed.DocumentSeamansBook, "паспортморяка": heed.DocumentSeamansBook,
	"birthcertificate": heed.DocumentBirthCertificate, "birthcertificatenumber": heed.DocumentBirthCertificate, "свидетельствоорождении": heed.DocumentBirthCertificate,
	"nationalnumber": heed.DocumentNationalNumber, "nationalid": heed.DocumentNationalNumber, "nationalidno": heed.DocumentNationalNumber, "nationalidentificationnumber": heed.DocumentNationalNumber, "personalid": heed.DocumentNationalNumber, "identificationnumber": heed.DocumentNationalNumber, "cedulano": heed.DocumentNationalNumber, "cedula": heed.DocumentNationalNumber, "curp": heed.DocumentNationalNumber, "dni": heed.DocumentNationalNumber, "personalnumber": heed.DocumentNationalNumber, "citizenscardnumber": heed.DocumentNationalNumber, "nationalforeignidnumber": heed.DocumentNationalNumber,
	"taxnumber": heed.DocumentTaxNumber, "taxid": heed.DocumentTaxNumber, "taxidno": heed.DocumentTaxNumber, "tin": heed.DocumentTaxNumber, "инн": heed.DocumentTaxNumber, "nit": heed.DocumentTaxNumber, "rfc": heed.DocumentTaxNumber, "ruc": heed.DocumentTaxNumber, "rif": heed.DocumentTaxNumber, "cuit": heed.DocumentTaxNumber,
	"socialsecuritynumber": heed.DocumentSocialSecurity, "ssn": heed.DocumentSocialSecurity, "снилс": heed.DocumentSocialSecurity,
	"weaponslicence": heed.DocumentWeaponsLicence, "firearmslicence": heed.DocumentWeaponsLicence,
	"other": heed.DocumentOther,
}

// SexNamed reads a sex as records and documents write it. Unspecified (X, <, U)
// is empty: it says nothing of a person.
func SexNamed(s string) (heed.Sex, bool) {
	switch fold(s) {
	case "f", "female", "w", "woman", "ж", "жен", "женский", "femme", "mujer", "weiblich":
		return heed.SexFemale, true
	case "m", "male", "man", "м", "муж", "мужской", "homme", "hombre", "mannlich":
		return heed.SexMale, true
	case "other", "nonbinary", "divers":
		return heed.SexOther, true
	case "", "x", "u", "unknown", "unspecified", "na", "n", "notknown", "неизвестно":
		return "", true
	}
	return "", false
}
