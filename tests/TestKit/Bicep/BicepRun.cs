namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>What a run of the compiler said.</summary>
/// <param name="ExitCode">0 when it had no error.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error: its errors, and its warnings.</param>
public sealed record BicepRun(int ExitCode, string Output, string Error);
