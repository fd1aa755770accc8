namespace Nanodet.Serverless.Cli.Output;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCode
{
    /// <summary>The command did what it was asked for.</summary>
    public const int Ok = 0;

    /// <summary>It failed; standard error names why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int WrongUsage = 2;

    /// <summary>It was interrupted (Ctrl+C, SIGINT): what shells expect, 128 and the signal's number.</summary>
    public const int Interrupted = 130;

    /// <summary>It was asked to end (SIGTERM).</summary>
    public const int Terminated = 143;
}
