package names

import (
	"strings"
	"sync"
)

// variantGroups are given names that have several forms: in the languages of
// one passport after another (Aleksandr, Oleksandr, Aliaksandr, Iskandar), and
// the short forms that are used in writing. One line is one name. Spellings that
// are close in sound anyway need not be here. Saints' names after the calendars of
// the eastern and western churches, names of the Bible and the Quran in both
// traditions, and the short forms that dictionaries of given names agree on.
const variantGroups = `
aleksandr alexander oleksandr aliaksandr iskandar eskandar sikandar alexandros alejandro alessandro alexandre sasha oleksa alex sandro aleks aleksandar
aleksei oleksii aliaksei alexis alessio alyosha alexey
aleksandra oleksandra aliaksandra alejandra alessandra alexandra
andrei andrew andreas andre andres andrea andrii andrzej andras ondrej andriy
anatolii anatole anatoly anatol anatoliy tolya
anna hanna ganna anne ana hannah anya
antonio anthony anton antoine antal antoni tony
artur arthur arturo
boris barys borys borya
charles carlos karl karol carlo carl karel
catherine ekaterina kateryna katsiaryna katarina katherine yekaterina katya
christopher kristof cristobal christophe krzysztof chris cristoforo
daniel danylo danila danil danilo
daud david dawood dawud davud davit davood
denis dzianis dionisio denys dennis
dmitry dmytro dzmitry dimitrios dima dimitri mitya
edward eduard eduardo edvard edouard
elena olena alena yelena helena helen lena
elijah ilya ilia elias illia ilias ilyas
eugene evgeny yevhen yauhen eugenio evgenii yevgeny yauheni evgeni zhenya
fedor theodore teodor teodoro fyodor todor fiodar theodor ted feodor
francis francisco francois francesco frantisek franz ferenc franciszek
frederick friedrich federico fryderyk frederik fred
gabriel jibril gavriil jabril djibril gavril jebreil
george georgy georgios jorge giorgio georges jurj jerzy heorhii georg yuri jorgen iurii yurii gyorgy jiri giorgi jordi george georgiy
gennady henadz hennadii genadi gena
gregory grigory hryhorii gregorio gregoire grzegorz ryhor grigori
henry henri enrique heinrich enrico henryk hendrik
hussein husayn hosein huseyin husein hossein
ibrahim abraham avraham ebrahim avram abram abramo
igor ihor ihar
ignatius ignacio ignat ignacy ihnat
irina iryna irena irene ira
isaac ishaq iszak yitzhak yitshak itzhak isak izaak isaak
isa jesus issa eisa
ishmael ismail ismael esmail ismaeel
ivan john jan juan jean giovanni johann johannes yahya yohanan ioannis hans janos ian sean yuhanna joao jan johan ivane hovhannes jovan vanya iwan
jacob yakov yaqub james jakub jacques giacomo jaime yacoub yakub iago jakob
joseph yusuf yosef josef jose giuseppe iosif youssef yousef yusef josip jozef yosyp osip
joshua yehoshua josue yeshua
julia yulia yuliya giulia iuliia julie
konstantin constantine kastus kostiantyn kostas costantino kostya
kirill kyrylo cyril kiryl
lawrence laurent lorenzo lavrenty lars laurence lavrentii
leo lev leon leonid leonidas
louis luis ludwig luigi lluis luiz ludvig
lucas luke luka luca lukas lukasz lukash
maria mariya mary marie maryam miriam mariam maria marya
mark marcus marco marcos markus marek
martin martino marcin marten
matthew matvei mateo matthias mateusz matteo matthieu matti matias
maxim maksym maksim massimo
michael mikhail mykhailo mikhail miguel michel michal mikael mihai mikhael mikayil mikhal misha michele mihail mikhailo mihaly
moses musa moshe moussa mousa moisei moises
muhammad mohammed mehmet mamadou mehmed magomed mahamadou mukhammad muhammed mohamed mohammad md mahomed
natalia natallia nataliya natasha natalie
nicholas nikolai mykola mikalai nicolas nikolaos niccolo miklos mikolaj klaus nikola kolya mikola nikolay nicola
noah nuh nooh noe
oleg oleh aleh
olga volha olha
osman uthman othman usman ousmane
paul pavel pavlo pablo paolo pawel pal pavlos paulo pavol bulus
peter pyotr petro pedro pierre pietro petr piotr petros boutros piatro petar petya butrus pjotr per petru
philip filip felipe philippe filippo philippos
raphael rafael raffaele rafail
richard ricardo riccardo ryszard
robert roberto rupert bob rob
roman ramon raman
salman solomon suleiman suleyman sulaiman soleyman soliman shlomo salomon salamon suleman
samuel shmuel samoil samuele
saul shaul talut
sergei serhii siarhei sergio serge sergius serhiy seryozha sergey
simon shimon semyon simeon semen simone szymon simeon siman
stephen stefan stepan esteban etienne stefano steven stephan stefanos istvan szczepan stepanos stsiapan
svetlana svitlana sviatlana
tatiana tetiana tatsiana tanya
thomas tomas tommaso foma tomasz toma
timothy timofei timoteo tymofii tsimafei
valentin valentyn valiantsin valentino
valery valerii valerie valeryi valerio
vasily vasyl basil vasil basile vasilis vassily wasyl
victor viktar vittorio viktor
vitaly vitalii vital vitali
vladimir volodymyr uladzimir waldemar vladimer vova włodzimierz volodya wlodzimierz
vladislav uladzislau vladyslav wladyslaw ladislav laszlo
vyacheslav viachaslau viacheslav slava vacheslav wieslaw
william wilhelm guillermo guillaume guglielmo willem bill vilhelm
yaroslav yaraslau jaroslaw jaroslav
zachary zakaria zakhar zacharias zakariya zechariah
abdullah abdallah abdoullah abdulla
benjamin ben binyamin veniamin benyamin beniamin
jonathan yonatan yehonatan jon
judah yehuda jude iehuda
ruth rut
rebecca rivka rebekah
rachel rahel raquel
sarah sara sarra
susan susanna shoshana zuzana susana
elizabeth elisabeth isabel elizaveta yelizaveta liza erzsebet lisaveta elisabetta
margaret margarita malgorzata marguerite margherita
nadezhda nadiya nadzeya nadia
lyudmila liudmyla liudmila ludmila
larisa larysa
galina halyna halina
vera vira
maurice mauricio moritz maurizio
albert alberto albrecht
alfred alfredo
ernest ernesto ernst
emmanuel manuel emanuel imanuel
vincent vicente vincenzo vikenty
augustine agustin augustin august agostino
ambrose ambrogio ambrosio
jerome geronimo hieronymus jeronimo girolamo
hugh hugo ugo hugues
ralph raoul raul
walter gualtiero valter gautier
adolf adolfo adolphe
rudolf rodolfo rodolphe
arnold arnaldo arnaud
bernard bernardo bernhard
leonard leonardo leonhard
conrad konrad corrado
gerard gerardo gerhard
oscar oskar
`

// variants is which of the groups a reading belongs to, by its sounds; a line's
// number, from 1.
var variants = sync.OnceValue(func() map[string]uint16 {
	of := map[string]uint16{}
	for i, line := range strings.Split(strings.TrimSpace(variantGroups), "\n") {
		for _, form := range strings.Fields(line) {
			if _, taken := of[Sounds(form)]; !taken {
				of[Sounds(form)] = uint16(i + 1)
			}
		}
	}
	return of
})

// variantOf is the group of a reading; 0 is none.
func variantOf(sounds string) uint16 { return variants()[sounds] }

// variantKey is the blocking key of a group: beyond all keys of consonants.
func variantKey(group uint16) Key { return 1<<48 | Key(group) }
