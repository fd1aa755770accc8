namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>A Node whose clock goes ahead of the machine's by as much as is asked for: what takes minutes in storage takes none here.</summary>
internal sealed class ShiftedClock
{
    // Read anew at each look at the clock: the file is replaced while the process runs.
    private const string Script = """
        const fs = require('fs');
        const Real = Date;
        const file = __filename + '.ms';
        const shift = () => { try { return Number(fs.readFileSync(file, 'utf8')) || 0; } catch { return 0; } };
        globalThis.Date = class extends Real {
          constructor(...parts) { if (parts.length) { super(...parts); } else { super(Real.now() + shift()); } }
          static now() { return Real.now() + shift(); }
        };
        """;

    private readonly string _script;

    public ShiftedClock(string folder)
    {
        _script = Path.Combine(folder, "clock.js");
        NodePath = Path.Combine(folder, "node.sh");
        File.WriteAllText(_script, Script);
        File.WriteAllText(NodePath, $"#!/bin/sh\nexec node --require '{_script}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(NodePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The executable in place of Node.</summary>
    public string NodePath { get; }

    /// <summary>Sets how far it is ahead.</summary>
    public void Set(TimeSpan shift)
    {
        var file = $"{_script}.ms";
        File.WriteAllText($"{file}.new", $"{(long)shift.TotalMilliseconds}");
        File.Move($"{file}.new", file, overwrite: true);
    }
}
