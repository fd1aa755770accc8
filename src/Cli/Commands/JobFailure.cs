namespace Nanodet.Serverless.Cli.Commands;

/// <summary>An image of a job that failed.</summary>
/// <param name="Container">Its container.</param>
/// <param name="Name">Its name.</param>
/// <param name="Code">A stable code.</param>
/// <param name="Message">Why.</param>
internal sealed record JobFailure(string? Container, string Name, string Code, string Message);
