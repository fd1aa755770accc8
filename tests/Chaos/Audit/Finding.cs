namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>Something that is wrong.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">Where, what was expected and what was found.</param>
internal sealed record Finding(FindingKind Kind, string Text)
{
    public override string ToString() => $"{Kind}: {Text}";
}
