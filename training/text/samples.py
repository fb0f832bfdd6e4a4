"""Words and sentences that the character model learns from, written for it.

The sentences are article 1 of the Universal Declaration of Human Rights, which is in the
public domain, in languages of many scripts, and a few lines written here.
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


ENGLISH = _words("""
the of and to in a is that for it as was with be by on not he his but at are this have from
or had an they which one you were all her she there would their we him been has when who will
no more if out so said what up its about into than them can only other time new some could
these two may first then do any like my now over such our man me even most made after also did
many before must through years where much your way well down should because each just those
people how too little state good very make world still see own work long here get both between
life being under never day same another know while last might us great old year off come since
against go came right used take three art museum gallery exhibition guide audio tour ticket
event summer winter spring autumn festival poster print photo picture image city park garden
house street bridge river station school library music concert theatre film club open free
entry welcome visit learn story history nature animal flower tree bird room hall floor table
menu wine coffee food shop store sale price offer code order product item page info about help
contact news blog press media team home index main start login account user profile share link
video watch listen read download file data report survey form vote join meet game play win
light dark red blue green white black gold silver north south east west left right door gate
""")

EUROPEAN = _words("""
und der die das nicht ist ein eine mit auf für von dem den im zu sich auch wird bei oder nach
haus strasse schule kunst ausstellung führung karte sommer willkommen eintritt frei stadt platz
le la les des est une pour dans que qui sur avec pas plus par vous nous sont ville musée galerie
exposition visite bienvenue entrée libre jardin maison rue pont été hiver café château histoire
el los las una con para por del que está como más pero sus museo calle plaza casa ciudad arte
bienvenido entrada libre jardín historia verano noche día niño año señor exposición
il lo gli della che non sono per con una nel alla città piazza mostra arte giardino casa storia
benvenuti ingresso libero strada ponte estate notte giorno
o os as um uma com para não mais como cidade praça museu arte jardim casa história rua ponte
bem-vindo entrada livre verão noite dia
het een van en niet met voor op aan dat zijn stad straat huis kunst welkom toegang vrij
och att det som för med på av stad gata hus konst välkommen fri sommar
i w na nie się do jest miasto ulica dom sztuka witamy wstęp wolny lato noc dzień żółć
ve bir bu için ile şehir sokak ev sanat hoş geldiniz giriş ücretsiz
""")

HOST_NAMES = _words("""
example museum gallery exhibit expo artwalk citytour heritage archive festival poster campaign
event tickets openday school college university institute foundation society theatre opera
cinema market shop store studio design print photo media news daily times tech labs cloud data
maps travel hotel tours garden park nature wild green blue red north river lake mountain valley
name site page link short go my get try the qr bit tiny app web net online digital smart
""")

ENDINGS = _words(
    "com org net de uk io eu info app co fr es it nl ch at se be pl us ca edu gov int museum art "
    "dev me link page shop online site co.uk ac.uk com.au co.jp jp in br ru cn"
)

FILE_ENDINGS = ("", "", "", "", "/", ".html", ".htm", ".php", ".pdf", ".jpg", ".png", ".mp4")

SENTENCES = (
    "All human beings are born free and equal in dignity and rights.",
    "They are endowed with reason and conscience and should act towards one another in a spirit "
    "of brotherhood.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
    "Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de "
    "raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están "
    "de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di "
    "ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão "
    "e de consciência, devem agir uns para com os outros em espírito de fraternidade.",
    "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.",
    "Alla människor är födda fria och lika i värde och rättigheter.",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "Minden emberi lény szabadon születik és egyenlő méltósága és joga van.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом "
    "и совестью и должны поступать в отношении друг друга в духе братства.",
    "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "יולד כל אדם חופשי ושווה בכבוד ובזכויות.",
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Meet me at the old bridge at nine, and bring the map.",
    "The gallery is open daily from 10 am to 6 pm; closed on Mondays.",
    "Thank you for your visit! Please leave a comment in the book near the door.",
    "Room 12, second floor: the painter's letters, 1889 to 1891.",
    "Treffpunkt um 14:30 Uhr vor dem Haupteingang, Führung dauert 90 Minuten.",
)
