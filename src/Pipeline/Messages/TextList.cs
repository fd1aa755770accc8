using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Some texts in an order, equal to another list of the same texts: part of requests that are compared.</summary>
[JsonConverter(typeof(TextListConverter))]
public readonly struct TextList : IEquatable<TextList>
{
    private readonly string[]? _items;

    /// <summary>A list of these texts.</summary>
    /// <param name="items">The texts.</param>
    public TextList(IEnumerable<string> items) => _items = [.. items];

    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Items => _items ?? [];

    /// <inheritdoc/>
    public static bool operator ==(TextList left, TextList right) => left.Equals(right);

    /// <inheritdoc/>
    public static bool operator !=(TextList left, TextList right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(TextList other) => Items.SequenceEqual(other.Items, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TextList other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Items.Aggregate(0, (hash, item) => HashCode.Combine(hash, string.GetHashCode(item, StringComparison.Ordinal)));

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Items);
}
