namespace Nanodet.Serverless.LocalHost.Logging;

/// <summary>Where an app's log is kept, and how much of it.</summary>
public sealed class AppLogOptions
{
    /// <summary>The folder of the log's files; made when missing.</summary>
    /// <value>Required. Two processes must not share one.</value>
    public required string Directory { get; init; }

    /// <summary>The size at which <c>app.log</c> becomes an older file and a new one begins.</summary>
    /// <value>64 KiB to 1 GiB, in bytes; default 10 MiB. The line that crosses it is the file's last.</value>
    public long MaxFileBytes { get; init; } = 10L << 20;

    /// <summary>How many files are kept, <c>app.log</c> among them; the oldest goes first.</summary>
    /// <value>2 to 100; default 5.</value>
    public int MaxFiles { get; init; } = 5;

    internal void Validate()
    {
        Require(!string.IsNullOrWhiteSpace(Directory), "Directory names no folder.");
        Require(MaxFileBytes is >= 64L << 10 and <= 1L << 30, $"MaxFileBytes is {MaxFileBytes}; expected 65536 to 1073741824.");
        Require(MaxFiles is >= 2 and <= 100, $"MaxFiles is {MaxFiles}; expected 2 to 100.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new FunctionHostException("invalid_options", message);
        }
    }
}
