"""Textos breves en español: reglamento de un club, manual de un aparato."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.family import Kind, family
from data.make.invented import InventedDocument

CLUB = """
# cuota: Cuota
v = money 10 300 5
q = estudiantes | jubilados | parados
> La cuota anual es de [[{v}]]. Los [[quien:{q}]] pagan la mitad.
> Cada socio paga [[{v}]] al año; hay descuento para [[quien:{q}]].
~ La cuota no se devuelve.
? ¿Cuánto es la cuota anual{of}?
? cuota de socio{of}
? ¿Qué cuesta ser socio durante un año{of}?
?quien ¿Para quién hay descuento{of}?
?quien ¿Quién paga menos{of}?
# horario: Horario
a = int 7 10
b = int 18 23
d = lunes | martes | domingo
> El club abre de [[{a}:00 a {b}:00]] y cierra los [[dia:{d}]].
> Horario: de [[{a}:00 a {b}:00]]. Día de cierre: [[dia:{d}]].
~ En agosto el horario puede cambiar.
? ¿Qué horario tiene el club{of}?
? ¿A qué hora se puede entrar{of}?
?dia ¿Qué día cierra{of}?
# junta: Junta directiva
p = person
n = int 2 6
> La presidencia es de [[quien:{p}]]. La junta se elige por [[{n} años]].
> Preside [[quien:{p}]]; el mandato de la junta dura [[{n} años]].
~ La junta no cobra.
? ¿Por cuántos años se elige la junta{of}?
? duración del mandato{of}
?quien ¿Quién preside el club{of}?
?quien ¿Quién dirige el club{of}?
# baja: Baja
n = int 2 10
> Para darse de baja hay que avisar con [[{n} semanas]] de antelación.
> La baja se comunica [[{n} semanas]] antes de fin de año.
~ Hay que devolver las llaves.
? ¿Con cuánta antelación hay que avisar de la baja{of}?
? plazo para darse de baja{of}
? Ya no quiero ser socio. ¿Cuándo debo decirlo{of}?
# multa: Multas
v = money 5 200 5
m = llegar tarde a un turno | dejar sucia la cocina | perder la llave
> [[que:{m}]] se castiga con [[{v}]].
> Hay una multa de [[{v}]] por [[que:{m}]].
~ Las multas se ingresan en la caja común.
? ¿De cuánto es la multa{of}?
? importe de la multa{of}
?que ¿Qué se castiga con una multa{of}?
# asamblea: Asamblea
m = marzo | mayo | octubre
n = int 7 30
> La asamblea se celebra en [[cuando:{m}]]; se convoca con [[{n} días]] de antelación.
> En [[cuando:{m}]] se reúnen los socios, avisados [[{n} días]] antes.
~ Se vota a mano alzada.
? ¿Con cuántos días de antelación se convoca la asamblea{of}?
?cuando ¿En qué mes se celebra la asamblea{of}?
"""
DEVICE = """
# limpieza: Limpieza
v = el filtro | la bandeja | la boquilla
n = int 2 30
> Limpie [[que:{v}]] cada [[{n} horas]] de uso.
> Cada [[{n} horas]] de uso hay que limpiar [[que:{v}]].
~ Desenchufe antes el aparato.
? ¿Cada cuánto hay que limpiar el aparato{of}?
? intervalo de limpieza{of}
?que ¿Qué pieza se limpia con regularidad{of}?
# datos: Datos técnicos
w = int 40 2400 20
k = decimal 1 30 1
> Potencia: [[{w} W]]. Peso: [[peso:{k} kg]].
> El aparato pesa [[peso:{k} kg]] y consume [[{w} W]].
~ Los datos pueden cambiar.
? ¿Qué potencia tiene{of}?
? ¿Cuánta electricidad consume{of}?
?peso ¿Cuánto pesa{of}?
# garantia: Garantía
n = int 1 6
a = los arañazos | las pilas | los daños por heladas
> La garantía dura [[{n} años]] y no cubre [[no:{a}]].
> Damos [[{n} años]] de garantía, salvo para [[no:{a}]].
~ Guarde el recibo.
? ¿Cuánto dura la garantía{of}?
? garantía, años{of}
?no ¿Qué no cubre la garantía{of}?
# luz: Avisos
s = el depósito está vacío | la tapa está abierta | la batería está baja
> Si parpadea la luz roja, [[{s}]].
> La luz roja significa que [[{s}]].
~ La luz verde indica que todo va bien.
? ¿Qué significa la luz roja{of}?
? ¿Por qué parpadea en rojo{of}?
# edad: Seguridad
n = int 8 16
> No deben usarlo menores de [[{n} años]].
> La edad mínima para usarlo es de [[{n} años]].
~ No abra la carcasa.
? ¿A partir de qué edad se puede usar{of}?
? edad mínima{of}
"""
KINDS = (
    Kind(
        title="Reglamento del club {mark}",
        of=(" en el club {mark}", " según el reglamento de {mark}"),
        marks="place",
        topics=CLUB,
    ),
    Kind(title="Manual del modelo {mark}", of=(" en el modelo {mark}", " con el {mark}"), marks="code", topics=DEVICE),
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    yield from family(rng, genre="spanish", lang="es", kinds=KINDS, numbering=("Artículo {n}. {h}", "{n}. {h}", "{h}"))
