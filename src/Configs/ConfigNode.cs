using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nanodet.Configs;

/// <summary>
/// A place in a config file that knows its own path and line, so that every error can say where. Scalars follow YAML 1.1, as the
/// official code's reader does (<c>yes</c> and <c>True</c> are booleans, <c>~</c> and <c>null</c> are nothing). As there, a text is read as
/// a literal of Python where it is one: <c>(160, 160)</c> is a list, <c>None</c> is nothing; see <see cref="PythonLiteral"/>.
/// </summary>
internal sealed class ConfigNode
{
    private const int MaxCharacters = 1 << 20;

    private readonly YamlNode _node;
    private readonly long _line;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private ConfigNode(YamlNode node, string path, long? line = null)
    {
        _node = node;
        _line = line ?? node.Start.Line;
        Path = path;
    }

    /// <summary>The dotted path from the root, such as <c>model.arch.head.strides</c>.</summary>
    public string Path { get; }

    /// <summary>Parses a config file.</summary>
    /// <exception cref="Exception">It is no YAML mapping, or nests or grows beyond the limits.</exception>
    public static ConfigNode Parse(string yaml)
    {
        if (yaml.Length > MaxCharacters)
        {
            throw ConfigError.TooLarge($"The config has {yaml.Length} characters; at most {MaxCharacters} are read.");
        }

        try
        {
            ConfigGuard.Check(yaml);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents is [{ RootNode: YamlMappingNode root }, ..]
                ? new ConfigNode(root, "")
                : throw ConfigError.Invalid("The config is no NanoDet config: a YAML mapping with the key 'model' was expected.");
        }
        catch (YamlException exception)
        {
            throw ConfigError.Invalid($"The config is no valid YAML, line {exception.Start.Line}: {exception.Message}", exception);
        }
    }

    /// <summary>The child of that key, or null where it is absent or null.</summary>
    public ConfigNode? Optional(string key)
    {
        _asked.Add(key);
        var child = Find(key);
        return child is null || IsNull(child)
            ? null
            : new ConfigNode(Decode(child), Path.Length == 0 ? key : $"{Path}.{key}", LineOf(child));
    }

    /// <summary>The child of that key.</summary>
    /// <exception cref="Exception">There is none.</exception>
    public ConfigNode Required(string key) =>
        Optional(key) ?? throw Invalid($"'{(Path.Length == 0 ? key : $"{Path}.{key}")}' is missing");

    /// <summary>Whether the key is there, be its value null or not.</summary>
    public bool Has(string key)
    {
        _asked.Add(key);
        return Find(key) is not null;
    }

    /// <summary>A text by key.</summary>
    public string Text(string key, string? fallback = null) =>
        Optional(key)?.AsText() ?? fallback ?? Required(key).AsText();

    /// <summary>An integer by key, checked against a range.</summary>
    public int Integer(string key, int? fallback, int minimum, int maximum)
    {
        var node = Optional(key);
        if (node is null)
        {
            return fallback ?? Required(key).AsInteger();
        }

        var value = node.AsInteger();
        return value >= minimum && value <= maximum
            ? value
            : throw node.Invalid($"{minimum} to {maximum} was expected, {value} was found");
    }

    /// <summary>A number by key, checked against a range.</summary>
    public double Number(string key, double fallback, double minimum, double maximum)
    {
        var node = Optional(key);
        if (node is null)
        {
            return fallback;
        }

        var value = node.AsNumber();
        return value >= minimum && value <= maximum
            ? value
            : throw node.Invalid($"{minimum} to {maximum} was expected, {value} was found");
    }

    /// <summary>A boolean by key.</summary>
    public bool Boolean(string key, bool? fallback) => Optional(key)?.AsBoolean() ?? fallback ?? Required(key).AsBoolean();

    /// <summary>A list of integers by key.</summary>
    public IReadOnlyList<int> Integers(string key, IReadOnlyList<int>? fallback = null) =>
        Optional(key)?.Items().Select(item => item.AsInteger()).ToList()
        ?? fallback
        ?? [.. Required(key).Items().Select(item => item.AsInteger())];

    /// <summary>The items of a list.</summary>
    /// <exception cref="Exception">It is no list.</exception>
    public IReadOnlyList<ConfigNode> Items() => Decode(_node) is YamlSequenceNode sequence
        ? [.. sequence.Select((item, index) => new ConfigNode(item, $"{Path}[{index}]", LineOf(item)))]
        : throw Invalid($"a list was expected, {Describe()} was found");

    /// <summary>The text of a scalar.</summary>
    public string AsText() => _node is YamlScalarNode { Value: { } value }
        ? value
        : throw Invalid($"a text was expected, {Describe()} was found");

    /// <summary>The value of an integer.</summary>
    public int AsInteger() => int.TryParse(
            Plain()?.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw Invalid($"an integer was expected, {Describe()} was found");

    /// <summary>The value of a number.</summary>
    public double AsNumber() => double.TryParse(Plain(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value)
        ? value
        : throw Invalid($"a number was expected, {Describe()} was found");

    /// <summary>The value of a boolean.</summary>
    public bool AsBoolean() => Plain()?.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => throw Invalid($"true or false was expected, {Describe()} was found"),
    };

    /// <summary>Whether it is a boolean, and false.</summary>
    public bool IsFalse() => Plain()?.ToLowerInvariant() is "false" or "no" or "off";

    /// <summary>Whether it is a boolean, and true.</summary>
    public bool IsTrue() => Plain()?.ToLowerInvariant() is "true" or "yes" or "on";

    /// <summary>What it is, for a message: a scalar in quotes, or a word for a list or a mapping.</summary>
    public string Describe() => _node switch
    {
        YamlScalarNode scalar => $"'{scalar.Value}'",
        YamlSequenceNode sequence => $"a list of {sequence.Children.Count}",
        _ => "a mapping",
    };

    /// <summary>Refuses keys that nothing asked for: the official constructors know no others either.</summary>
    /// <exception cref="Exception">There is such a key.</exception>
    public void RefuseOthers()
    {
        if (_node is YamlMappingNode mapping)
        {
            var other = mapping.Children.Keys
                .OfType<YamlScalarNode>()
                .Select(key => key.Value!)
                .FirstOrDefault(key => !_asked.Contains(key));
            if (other is not null)
            {
                throw Invalid($"'{other}' is no setting here; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
            }
        }
    }

    /// <summary>An error about this place.</summary>
    public Exception Invalid(string what) =>
        ConfigError.Invalid(Path.Length == 0 ? $"Config: {what}." : $"Config, {Path} (line {_line}): {what}.");

    /// <summary>What a text spells in Python; any other node as it is.</summary>
    private static YamlNode Decode(YamlNode node) =>
        node is YamlScalarNode { Value: { } text } && PythonLiteral.Read(text) is { } literal ? literal : node;

    /// <summary>The line of a child: that of this node where the child was made of this node's text.</summary>
    private long LineOf(YamlNode child) => child.Start.Line > 1 ? child.Start.Line : _line;

    private YamlNode? Find(string key) => _node is YamlMappingNode mapping
        ? mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null
        : throw Invalid($"a mapping was expected, {Describe()} was found");

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" }
        || (node is YamlScalarNode { Value: { } text } && text.Trim() == "None");

    private string? Plain() => (_node as YamlScalarNode)?.Value;
}
