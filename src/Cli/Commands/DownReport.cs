namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet down</c>.</summary>
/// <param name="Data">The data folder.</param>
/// <param name="Stopped">Whether an app ran there.</param>
internal sealed record DownReport(string Data, bool Stopped);
