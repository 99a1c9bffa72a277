package heed

// Urgency is how soon the recipient should act (CAP 1.2 section 3.2.2). It
// selects the column of a clock.
type Urgency string

// The urgencies, spelt as CAP 1.2 spells them.
const (
	UrgencyImmediate Urgency = "Immediate" // act at once
	UrgencyExpected  Urgency = "Expected"  // act within the next hour
	UrgencyFuture    Urgency = "Future"    // act in the near future
	UrgencyPast      Urgency = "Past"      // no action is needed any more
	UrgencyUnknown   Urgency = "Unknown"
)

// Urgencies lists all urgencies, the most pressing first; Unknown comes last.
func Urgencies() []Urgency {
	return []Urgency{UrgencyImmediate, UrgencyExpected, UrgencyFuture, UrgencyPast, UrgencyUnknown}
}

// ParseUrgency reads an urgency in its exact spelling.
func ParseUrgency(s string) (Urgency, error) { return oneOf("urgency", Urgency(s), Urgencies()) }

// Severity is how grave the event would be (CAP 1.2 section 3.2.2).
type Severity string

// The severities, spelt as CAP 1.2 spells them.
const (
	SeverityExtreme  Severity = "Extreme"
	SeveritySevere   Severity = "Severe"
	SeverityModerate Severity = "Moderate"
	SeverityMinor    Severity = "Minor"
	SeverityUnknown  Severity = "Unknown"
)

// Severities lists all severities, the gravest first; Unknown comes last.
func Severities() []Severity {
	return []Severity{SeverityExtreme, SeveritySevere, SeverityModerate, SeverityMinor, SeverityUnknown}
}

// ParseSeverity reads a severity in its exact spelling.
func ParseSeverity(s string) (Severity, error) { return oneOf("severity", Severity(s), Severities()) }

// Certainty is how sure the author is of the event (CAP 1.2 section 3.2.2).
// How far the source is trusted is a different matter: see Source.
type Certainty string

// The certainties, spelt as CAP 1.2 spells them.
const (
	CertaintyObserved Certainty = "Observed" // has happened or goes on
	CertaintyLikely   Certainty = "Likely"   // above one half
	CertaintyPossible Certainty = "Possible" // up to one half
	CertaintyUnlikely Certainty = "Unlikely" // close to none
	CertaintyUnknown  Certainty = "Unknown"
)

// Certainties lists all certainties, the surest first; Unknown comes last.
func Certainties() []Certainty {
	return []Certainty{CertaintyObserved, CertaintyLikely, CertaintyPossible, CertaintyUnlikely, CertaintyUnknown}
}

// ParseCertainty reads a certainty in its exact spelling.
func ParseCertainty(s string) (Certainty, error) {
	return oneOf("certainty", Certainty(s), Certainties())
}

// Status says whether a warning is meant (CAP 1.2 section 3.2.1).
type Status string

// The statuses, spelt as CAP 1.2 spells them.
const (
	StatusActual   Status = "Actual"
	StatusExercise Status = "Exercise" // runs the same path, visibly apart
	StatusSystem   Status = "System"   // about the exchange itself
	StatusTest     Status = "Test"     // technical test; to be disregarded
	StatusDraft    Status = "Draft"    // not fit to act on
)

// Statuses lists all statuses.
func Statuses() []Status {
	return []Status{StatusActual, StatusExercise, StatusSystem, StatusTest, StatusDraft}
}

// ParseStatus reads a status in its exact spelling.
func ParseStatus(s string) (Status, error) { return oneOf("status", Status(s), Statuses()) }

// Category is the broad sort of event (CAP 1.2 section 3.2.2). The list is
// exactly CAP's, so that every warning can be sent as CAP; the finer sort that
// police, financial intelligence units and CSIRTs need is Threat.
type Category string

// The categories, spelt as CAP 1.2 spells them.
const (
	CategoryGeo       Category = "Geo"
	CategoryMet       Category = "Met"
	CategorySafety    Category = "Safety"
	CategorySecurity  Category = "Security"
	CategoryRescue    Category = "Rescue"
	CategoryFire      Category = "Fire"
	CategoryHealth    Category = "Health"
	CategoryEnv       Category = "Env"
	CategoryTransport Category = "Transport"
	CategoryInfra     Category = "Infra"
	CategoryCBRNE     Category = "CBRNE"
	CategoryOther     Category = "Other"
)

// Categories lists all categories in CAP's order.
func Categories() []Category {
	return []Category{
		CategoryGeo, CategoryMet, CategorySafety, CategorySecurity, CategoryRescue, CategoryFire,
		CategoryHealth, CategoryEnv, CategoryTransport, CategoryInfra, CategoryCBRNE, CategoryOther,
	}
}

// ParseCategory reads a category in its exact spelling.
func ParseCategory(s string) (Category, error) { return oneOf("category", Category(s), Categories()) }

// Threat is what is feared, finer than the category. CAP has no word for most
// of what liaison desks, CSIRTs and financial intelligence units warn of.
type Threat string

// The threats.
const (
	ThreatAttackOnLife       Threat = "attack-on-life"
	ThreatAttackOnCrowd      Threat = "attack-on-crowd"
	ThreatSabotage           Threat = "sabotage"
	ThreatHostageTaking      Threat = "hostage-taking"
	ThreatAbduction          Threat = "abduction"
	ThreatTravelToFight      Threat = "travel-to-fight"
	ThreatTrafficking        Threat = "trafficking"
	ThreatOrganisedCrime     Threat = "organised-crime"
	ThreatTerroristFinancing Threat = "terrorist-financing"
	ThreatMoneyLaundering    Threat = "money-laundering"
	ThreatFraud              Threat = "fraud"
	ThreatEspionage          Threat = "espionage"
	ThreatCyberAttack        Threat = "cyber-attack"
	ThreatVulnerability      Threat = "vulnerability"
	ThreatDisorder           Threat = "public-disorder"
	ThreatWeapons            Threat = "weapons"
	ThreatHazardousMaterial  Threat = "hazardous-material"
	ThreatOutbreak           Threat = "disease-outbreak"
	ThreatUnsafeProduct      Threat = "unsafe-product"
	ThreatMissingPerson      Threat = "missing-person"
	ThreatNaturalHazard      Threat = "natural-hazard"
	ThreatOther              Threat = "other"
)

// Threats lists all threats.
func Threats() []Threat {
	return []Threat{
		ThreatAttackOnLife, ThreatAttackOnCrowd, ThreatSabotage, ThreatHostageTaking, ThreatAbduction,
		ThreatTravelToFight, ThreatTrafficking, ThreatOrganisedCrime, ThreatTerroristFinancing,
		ThreatMoneyLaundering, ThreatFraud, ThreatEspionage, ThreatCyberAttack, ThreatVulnerability,
		ThreatDisorder, ThreatWeapons, ThreatHazardousMaterial, ThreatOutbreak, ThreatUnsafeProduct,
		ThreatMissingPerson, ThreatNaturalHazard, ThreatOther,
	}
}

// ParseThreat reads a threat in its exact spelling.
func ParseThreat(s string) (Threat, error) { return oneOf("threat", Threat(s), Threats()) }

// Reliability grades a source by the Admiralty code, A (completely reliable)
// to E (unreliable); F means that it cannot be judged, not that it is worst.
type Reliability string

// The reliabilities.
const (
	ReliabilityA Reliability = "A" // completely reliable
	ReliabilityB Reliability = "B" // usually reliable
	ReliabilityC Reliability = "C" // fairly reliable
	ReliabilityD Reliability = "D" // not usually reliable
	ReliabilityE Reliability = "E" // unreliable
	ReliabilityF Reliability = "F" // cannot be judged
)

// Reliabilities lists all reliabilities, the best first; F comes last.
func Reliabilities() []Reliability {
	return []Reliability{ReliabilityA, ReliabilityB, ReliabilityC, ReliabilityD, ReliabilityE, ReliabilityF}
}

// ParseReliability reads a reliability.
func ParseReliability(s string) (Reliability, error) {
	return oneOf("source reliability", Reliability(s), Reliabilities())
}

// Credibility grades a piece of information by the Admiralty code, 1
// (confirmed) to 5 (improbable); 6 means that it cannot be judged.
type Credibility string

// The credibilities.
const (
	Credibility1 Credibility = "1" // confirmed by other sources
	Credibility2 Credibility = "2" // probably true
	Credibility3 Credibility = "3" // possibly true
	Credibility4 Credibility = "4" // doubtful
	Credibility5 Credibility = "5" // improbable
	Credibility6 Credibility = "6" // cannot be judged
)

// Credibilities lists all credibilities, the best first; 6 comes last.
func Credibilities() []Credibility {
	return []Credibility{Credibility1, Credibility2, Credibility3, Credibility4, Credibility5, Credibility6}
}

// ParseCredibility reads a credibility.
func ParseCredibility(s string) (Credibility, error) {
	return oneOf("information credibility", Credibility(s), Credibilities())
}
