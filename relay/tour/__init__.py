"""The tour: a whole exchange on real files, against the real running stack, over HTTP, as the people in it.

client      one person's browser, as far as HTTP sees it
tus         an upload that can be cut and resumed
people      who takes part, and what each of them can do
operator    what is done on the machine itself: init, inviting staff, signing the roster
forgery     what somebody with the whole database would try
material    a letter, a recording, a film and a photographed page of its own
received    what a recipient got: written down, and looked at
journal     what was done, what was refused, and whether every expectation held
story       the acts, in order
"""
