namespace Nanodet.Serverless.Conversion;

/// <summary>How far a conversion is.</summary>
/// <param name="Step">What is being done, such as <c>measuring ranges</c>.</param>
/// <param name="Done">Photos that were seen in this step.</param>
/// <param name="Count">Photos of this step.</param>
public readonly record struct ConversionProgress(string Step, int Done, int Count);
