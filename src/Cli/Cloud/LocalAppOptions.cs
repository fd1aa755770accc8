namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>What <see cref="LocalApp"/> runs, and where.</summary>
/// <param name="Port">Port of the HTTP functions; 0 takes a free one.</param>
/// <param name="Data">The data folder.</param>
/// <param name="Model">Model to publish first, or null.</param>
/// <param name="App">Build output of the function app.</param>
/// <param name="LogLocation">Where the log is, for messages that point to it.</param>
/// <param name="AllowedHosts">Host names beside those of this machine under which requests are taken.</param>
/// <param name="Key">The key that its functions ask for; null for none.</param>
internal sealed record LocalAppOptions(
    int Port, string Data, FileInfo? Model, string App, string LogLocation, IReadOnlyList<string> AllowedHosts, string? Key);
