// Plays the game from a terminal, or compares with vectors:
//   mono player.exe <host> <login port> <game port> <user> <password> <room>
//   mono player.exe vectors < lines of "kind argument … result"
using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Skynet;

static class Program
{
    static int Main(string[] args)
    {
        if (args.Length == 1) return Vectors();
        var ticket = Login.Run(args[0], int.Parse(args[1]), "game", args[3], args[4]);
        Console.WriteLine("logged in as " + ticket.User);
        using (var client = new PlayerClient(args[0], int.Parse(args[2]), ticket)) Play(client, args[5]);
        return 0;
    }

    static void Play(PlayerClient client, string room)
    {
        client.Pushed += (name, value) => Console.WriteLine("push " + name + " " + Text(value));
        client.Connected += first => Console.WriteLine(first ? "connected" : "back");
        client.Lost += () => Console.WriteLine("lost");
        client.Over += (reason, text) => Console.WriteLine("over " + reason + " " + text);
        Ask(client, "join", room);
        var commands = new Queue<string>();
        var reader = new Thread(() =>
        {
            for (var line = Console.ReadLine(); line != null; line = Console.ReadLine())
                lock (commands) commands.Enqueue(line);
            lock (commands) commands.Enqueue("end");
        }) { IsBackground = true };
        reader.Start();
        while (!client.IsOver)
        {
            client.Update();
            string line = null;
            lock (commands) if (commands.Count > 0) line = commands.Dequeue();
            if (line == "end") return;
            if (line == "drop") client.Drop();
            else if (line == "steer") Ask(client, "steer", new Dictionary<string, object> { { "x", 0.25 }, { "y", 0.75 } });
            else if (line == "wrong") Ask(client, "steer", "nowhere");
            else if (line == "logout") Ask(client, "logout", null);
            else if (line != null) Ask(client, "say", line);
            Thread.Sleep(5);
        }
    }

    static void Ask(PlayerClient client, string name, object input)
    {
        client.Ask(name, input,
            answer => Console.WriteLine("answer " + name + " " + Text(answer)),
            error => Console.WriteLine("error " + name + " " + error.Code + " " + error.Message));
    }

    static string Text(object value)
    {
        if (value == null) return "nothing";
        var map = value as Dictionary<string, object>;
        var list = value as List<object>;
        var parts = new List<string>();
        if (map != null) foreach (var entry in map) parts.Add(entry.Key + ": " + Text(entry.Value));
        if (list != null) foreach (var entry in list) parts.Add(Text(entry));
        if (map != null) return "{ " + string.Join(", ", parts) + " }";
        if (list != null) return "[" + string.Join(", ", parts) + "]";
        return Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
    }

    static byte[] Hex(string text)
    {
        var bytes = new byte[text.Length / 2];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = Convert.ToByte(text.Substring(2 * i, 2), 16);
        return bytes;
    }

    static string Hex(byte[] bytes)
    {
        return BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();
    }

    /// <summary>Lines of a kind, its arguments, and what is to come out, with tabs between them.</summary>
    static int Vectors()
    {
        int good = 0, bad = 0;
        for (var line = Console.ReadLine(); line != null; line = Console.ReadLine())
        {
            var words = line.Split('\t');
            var made = Made(words);
            if (made == words[words.Length - 1]) good++;
            else
            {
                bad++;
                Console.WriteLine("wrong: " + line + " made " + made);
            }
        }
        Console.WriteLine(good + " good, " + bad + " bad");
        return bad;
    }

    static string Made(string[] words)
    {
        switch (words[0])
        {
            case "dhexchange": return Hex(Crypt.DhExchange(Hex(words[1])));
            case "dhsecret": return Hex(Crypt.DhSecret(Hex(words[1]), Hex(words[2])));
            case "hmac64": return Hex(Crypt.Hmac64(Hex(words[1]), Hex(words[2])));
            case "hashkey": return Hex(Crypt.HashKey(Hex(words[1])));
            case "hmachash": return Hex(Crypt.HmacHash(Hex(words[1]), Hex(words[2])));
            case "desencode": return Hex(Crypt.DesEncode(Hex(words[1]), Hex(words[2])));
            case "token": return Login.Token(words[1], words[2], words[3]);
            case "prove": return string.Join(" ", Login.Prove(Convert.FromBase64String(words[1]), Hex(words[2]), words[3]));
            case "handshake":
                var ticket = new Ticket { User = words[1], Server = words[2], Subid = words[3], Index = int.Parse(words[4]), Secret = Hex(words[5]) };
                return ticket.Handshake(uint.Parse(words[6]));
            case "request": return Hex(PlayerClient.Frame(Hex(words[2]), uint.Parse(words[1])));
            // Read, and written again.
            case "body": return Hex(Cbor.Encode(Cbor.Decode(Hex(words[1]))));
            default: return "unknown kind";
        }
    }
}
