namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet up</c>, printed when the app is ready.</summary>
/// <param name="Server">Address of the HTTP functions.</param>
/// <param name="Storage">Connection string of the storage account.</param>
/// <param name="Model">Name of the current model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Data">The data folder.</param>
/// <param name="Log">The file with the newest lines of the log; null when none is kept.</param>
/// <param name="LogProblem">Why none is kept, or null.</param>
/// <param name="KeyFile">The file with the key that the functions ask for; null where they ask for none.</param>
/// <param name="ReadyMs">Time from the start to ready, in milliseconds.</param>
internal sealed record UpReport(
    Uri Server,
    string Storage,
    string Model,
    string Version,
    string Data,
    string? Log,
    string? LogProblem,
    string? KeyFile,
    double ReadyMs);
