namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>One figure of <c>nanodet gpu-check</c>.</summary>
/// <param name="Model">The form of the model, by its file's name; empty for the machine.</param>
/// <param name="Check">What was looked at.</param>
/// <param name="Value">What was found.</param>
/// <param name="Expected">What holds the check; null where the figure is only told.</param>
/// <param name="Passed">Whether it held; null where the figure is only told.</param>
internal sealed record GpuCheckLine(string Model, string Check, string Value, string? Expected = null, bool? Passed = null);
