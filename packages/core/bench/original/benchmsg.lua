-- A message server with an agent for each user.
local msgserver = require "snax.msgserver"
local skynet = require "skynet"
local agents = {}
local server = {}

function server.login_handler(uid, secret)
  local username = msgserver.username(uid, 1, "sample")
  agents[username] = skynet.newservice "benchmsgagent"
  msgserver.login(username, secret)
  return 1
end
function server.logout_handler() end
function server.kick_handler() end
function server.disconnect_handler() end
function server.request_handler(username, message)
  return skynet.tostring(skynet.rawcall(agents[username], "client", message))
end
function server.register_handler() end

msgserver.start(server)
