# Cases of clinic-visits, version 5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e.
# Put this table under a Scenario Outline whose steps name its columns, such as:
#   Scenario Outline: <code>
#     Then the urgency is "<advice.urgency>"
Examples:
  | code | mode | version | patient.name | patient.born | patient.smoker | visit.temperature | visit.balance | advice.urgency | advice.steps | outcome | rules |
  | 00000001-00000002 | random | 5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e | Ada Brook | 1969-12-31 | false | -36.6 | -1250 | high | rest; drink, a lot | high | urgency/fever steps/rest |
  | 00000002-00000003-BEE4W0Q2ZT | boundary | 5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e | O'Neil, "Jo" \| back\\slash | 1969-12-31 | true | -36.6 | -1250 | high | rest; drink, a lot | high | urgency/fever steps/rest |
  | 00000003-00000004 | random | 0101010101010101010101010101010101010101010101010101010101010101 | =1+1\nsecond line |  | true | -36.6 | -1250 | high | rest; drink, a lot | high |  |
  | 00000004-00000005 | random | 5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e |  | 1969-12-31 | true | -36.6 | -1250 | high | rest; drink, a lot | high | urgency/fever steps/rest |
