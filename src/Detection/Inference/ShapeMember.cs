namespace Nanodet.Detection.Inference;

/// <summary>A session of a <see cref="ShapeSet"/> that may be used.</summary>
/// <param name="Session">The session.</param>
/// <param name="Seconds">What a run takes.</param>
/// <param name="WarmedIn">What making it took.</param>
/// <param name="IsProvisional">Whether another one is to take its place.</param>
/// <param name="Note">Why its runs are not captured, and why further ones are missing.</param>
internal sealed record ShapeMember(IShapeSession Session, double Seconds, TimeSpan WarmedIn, bool IsProvisional, string? Note)
{
    /// <summary>Shared by all copies of the member.</summary>
    internal Usage Use { get; } = new();

    /// <summary>The same with a further note.</summary>
    internal ShapeMember With(string note) => this with { Note = Note is null ? note : $"{Note}; {note}" };

    /// <summary>Counts runs; guarded by the set's gate.</summary>
    internal sealed class Usage
    {
        internal int Runs { get; set; }
    }
}
