namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>What the compiler said of a file.</summary>
/// <param name="IsSuccess">There was no error.</param>
/// <param name="Template">The compiled template; empty when there was one.</param>
/// <param name="Diagnostics">Errors, warnings, and what the linter found, in the file and in its modules.</param>
public sealed record BicepRun(bool IsSuccess, string Template, IReadOnlyList<string> Diagnostics);
