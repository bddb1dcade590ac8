"""LEMS component types of the curves, with a simulation that draws each."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from dendmod.exchange.exporters.text import about
from dendmod.exchange.load_io import Fit, IOFile

_SAMPLES = 200
_DURATION_MS = 100.0

_TYPES = """
  <Dimension name="time" t="1"/>
  <Unit symbol="ms" dimension="time" power="-3"/>
  <Unit symbol="s" dimension="time"/>

  <ComponentType name="ioCurve" description="Output spikes of a burst; x comes from the parent">
    <Parameter name="gain" dimension="none" description="spikes an input"/>
    <Parameter name="bias" dimension="none" description="spikes a burst"/>
    <Parameter name="x_shift" dimension="none" description="inputs a burst"/>
    <Requirement name="x" dimension="none"/>
    <Exposure name="y" dimension="none"/>
    <Dynamics>
      <DerivedVariable name="line" dimension="none" value="gain * (x - x_shift) + bias"/>
      <ConditionalDerivedVariable name="y" dimension="none" exposure="y">
        <Case condition="line .gt. 0" value="line"/>
        <Case value="0"/>
      </ConditionalDerivedVariable>
    </Dynamics>
  </ComponentType>

  <ComponentType name="ioRamp" description="Inputs that rise with time, through one curve">
    <Parameter name="start" dimension="none"/>
    <Parameter name="rise" dimension="none" description="over the duration"/>
    <Parameter name="duration" dimension="time"/>
    <Child name="curve" type="ioCurve"/>
    <Exposure name="x" dimension="none"/>
    <Exposure name="y" dimension="none"/>
    <Dynamics>
      <StateVariable name="x" dimension="none" exposure="x"/>
      <DerivedVariable name="y" dimension="none" select="curve/y" exposure="y"/>
      <TimeDerivative variable="x" value="rise / duration"/>
      <OnStart><StateAssignment variable="x" value="start"/></OnStart>
    </Dynamics>
  </ComponentType>

  <ComponentType name="ioRamps"><Children name="ramps" type="ioRamp"/></ComponentType>

  <ComponentType name="OutputColumn">
    <Path name="quantity"/>
    <Simulation><Record quantity="quantity"/></Simulation>
  </ComponentType>
  <ComponentType name="OutputFile">
    <Children name="outputColumn" type="OutputColumn"/>
    <Text name="path"/>
    <Text name="fileName"/>
    <Simulation><DataWriter path="path" fileName="fileName"/></Simulation>
  </ComponentType>
  <ComponentType name="Simulation">
    <Parameter name="length" dimension="time"/>
    <Parameter name="step" dimension="time"/>
    <ComponentReference name="target" type="Component"/>
    <Children name="outputs" type="OutputFile"/>
    <Dynamics>
      <StateVariable name="t" dimension="time"/>
    </Dynamics>
    <Simulation><Run component="target" variable="t" increment="step" total="length"/></Simulation>
  </ComponentType>
"""


def render(io: IOFile, fit: Fit) -> str:
    """Return a LEMS file: component types, one ``ioRamp`` a level, and a simulation.

    The simulation sweeps x over what was fitted and half as much on either side, and writes t and
    then x and y of each level to ``io_<name>.dat``.
    """
    low = min(curve.fit_range[0] for curve in fit.curves.values())
    high = max(curve.fit_range[1] for curve in fit.curves.values())
    margin = (high - low) / 2 or 1.0
    ramps, columns = [], []
    for i, curve in enumerate(fit.curves.values()):
        ramps.append(
            f'    <ioRamp id="level{i}" start="{low - margin!r}" rise="{high - low + 2 * margin!r}"'
            f' duration="{_DURATION_MS!r} ms">\n'
            f'      <curve id="curve" type="ioCurve" gain="{curve.gain!r}" bias="{curve.bias!r}"'
            f' x_shift="{curve.x_shift!r}"/>\n    </ioRamp>'
        )
        columns += [f'      <OutputColumn id="{v}{i}" quantity="level{i}/{v}"/>' for v in "xy"]
    return "\n".join(
        [
            "<Lems>",
            "  <!--",
            *(f"    {line}" for line in about(io, fit)),
            f"    level0, level1 ... are levels {', '.join(f'{x:g}' for x in fit.curves)}.",
            "  -->",
            '  <Target component="sweep"/>',
            _TYPES,
            '  <ioRamps id="curves">',
            *ramps,
            "  </ioRamps>",
            "",
            f'  <Simulation id="sweep" length="{_DURATION_MS!r} ms"'
            f' step="{_DURATION_MS / _SAMPLES!r} ms" target="curves">',
            f'    <OutputFile id="out" path="." fileName={quoteattr(f"io_{io.name}.dat")}>',
            *columns,
            "    </OutputFile>",
            "  </Simulation>",
            "</Lems>",
            "",
        ]
    )
