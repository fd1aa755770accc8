using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Rules of names in storage.</summary>
public static partial class BlobNames
{
    /// <summary>The longest name of a blob, in characters.</summary>
    internal const int MaxLength = 1024;

    private const int MaxEtagLength = 128;

    private const int MaxShown = 200;

    /// <summary>The longest name of a queue that leaves room for <c>-poison</c>.</summary>
    internal const int MaxQueueLength = 56;

    internal static bool IsContainer(string? name) => name is not null && ContainerPattern().IsMatch(name);

    internal static bool IsQueue(string? name) => IsContainer(name) && name!.Length <= MaxQueueLength;

    /// <summary>Why a blob cannot be meant; null when it can.</summary>
    /// <param name="container">The container's name.</param>
    /// <param name="name">The blob's name, not URL-encoded.</param>
    public static string? FindProblem(string container, string name) =>
        IsContainer(container) ? FindProblem(name) : $"expected a container's name, found '{Show(container)}'";

    /// <summary>Why a blob of a known container cannot be meant; null when it can.</summary>
    internal static string? FindProblem(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return $"expected a blob name of 1 to {MaxLength} characters, found {name.Length}";
        }

        if (FindCharacterProblem(name) is { } character)
        {
            return $"expected a blob name of characters that storage can list, found {character} in '{Show(name)}'";
        }

        // A URL is resolved before it is sent: such a name would lead into another container.
        return Array.Exists(name.Split('/', '\\'), segment => segment is "." or "..")
            ? $"expected a blob name without the segments '.' and '..', found '{Show(name)}'"
            : null;
    }

    /// <summary>
    /// A character that no listing and no queue message can carry, as both are XML 1.0: most control characters, halves of surrogate
    /// pairs, U+FFFE and U+FFFF. Null when there is none.
    /// </summary>
    internal static string? FindCharacterProblem(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return $"half of a surrogate pair, {CodeOf(text[i])},";
            }
            else if (!XmlConvert.IsXmlChar(text[i]))
            {
                return CodeOf(text[i]);
            }
        }

        return null;
    }

    /// <summary>Why an ETag cannot be one; null when it can, and for none.</summary>
    /// <param name="etag">What <see cref="Etag"/> gives.</param>
    public static string? FindEtagProblem(string? etag) => etag switch
    {
        null => null,
        "*" => "expected an ETag such as 0x8D4BCC2E4835CD0, found '*'; leave it out for whatever is there",
        { Length: > MaxEtagLength } => $"expected an ETag of at most {MaxEtagLength} characters, found {etag.Length}",
        _ => etag.All(character => character is > ' ' and <= '~' and not '"')
            ? null
            : $"expected an ETag of printable ASCII characters without quotes and spaces, found '{Show(etag)}'",
    };

    /// <summary>A text of somebody else for a message or a log: control characters as <c>\u0001</c>, and not too long.</summary>
    /// <param name="text">The text.</param>
    public static string Show(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, MaxShown)))
        {
            if (char.IsControl(character) || char.IsSurrogate(character) || !XmlConvert.IsXmlChar(character))
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                shown.Append(character);
            }
        }

        return text.Length > MaxShown ? shown.Append('…').ToString() : shown.ToString();
    }

    /// <summary>An ETag as results and identities carry it: without quotes; null for none.</summary>
    public static string? Etag(string? text)
    {
        var etag = text?.Trim();
        if (etag is not null && etag.StartsWith("W/", StringComparison.Ordinal))
        {
            etag = etag[2..];
        }

        etag = etag?.Trim('"');
        return string.IsNullOrEmpty(etag) ? null : etag;
    }

    private static string CodeOf(char character) => string.Create(CultureInfo.InvariantCulture, $"U+{(int)character:X4}");

    // Not '$', which is also the place before a last line feed.
    [GeneratedRegex(@"^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerPattern();
}
