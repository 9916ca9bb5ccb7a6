-- Answers with what it got, counts what it is sent.
local skynet = require "skynet"
local sent = 0
local commands = {}

function commands.echo(...) skynet.retpack(...) end
function commands.add(value) sent = sent + value end
function commands.sum() skynet.retpack(sent) end

skynet.start(function()
  skynet.dispatch("lua", function(_, _, command, ...) commands[command](...) end)
end)
