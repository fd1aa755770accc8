namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>Why a checkpoint was refused.</summary>
/// <param name="Code">A stable code; docs/operations.md has the list.</param>
/// <param name="Message">What was expected, what was found and where.</param>
public sealed record PublishError(string Code, string Message);
