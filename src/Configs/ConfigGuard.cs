using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Nanodet.Configs;

/// <summary>
/// Reads the events of a config before any node is made of them. The event parser does not recurse; the tree builder does, and it
/// hashes keys with all that is below them: a deep or self-containing file would end the process, and keys made of aliases would
/// keep it busy for good.
/// </summary>
internal sealed class ConfigGuard
{
    /// <summary>How deep a config nests.</summary>
    private const int MaxDepth = 32;

    /// <summary>Uses of aliases in a config; the official ones have three.</summary>
    private const int MaxAliases = 32;

    private readonly Stack<(string? Anchor, bool Mapping)> _open = new();
    private int _aliases;

    // Whether the next node of the innermost collection is a key; the answers for the outer ones wait.
    private readonly Stack<bool> _outer = new();
    private bool _atKey;

    private ConfigGuard()
    {
    }

    /// <summary>Checks a whole config.</summary>
    /// <exception cref="Exception">It nests too deep, contains itself, or has keys that are no texts.</exception>
    /// <exception cref="YamlException">It is no YAML.</exception>
    public static void Check(string yaml)
    {
        var guard = new ConfigGuard();
        var parser = new Parser(new StringReader(yaml));
        while (MoveNext(parser))
        {
            guard.Read(parser.Current!);
        }
    }

    private static bool MoveNext(Parser parser)
    {
        try
        {
            return parser.MoveNext();
        }
        catch (InvalidOperationException exception)
        {
            // A flow collection without its end leaves the library's parser without a state, not with an error of its own.
            throw ConfigError.Invalid(
                $"The config is no valid YAML, line {parser.Current?.End.Line ?? 1}: what is there does not end.",
                exception);
        }
    }

    private void Read(ParsingEvent current)
    {
        switch (current)
        {
            case MappingStart or SequenceStart:
                RequireNoKey(current);
                Open((NodeEvent)current);
                break;
            case MappingEnd or SequenceEnd:
                _open.Pop();
                _atKey = _outer.Pop();
                Advance();
                break;
            case AnchorAlias alias:
                RequireNoKey(current);
                Count(alias);
                Advance();
                break;
            case Scalar scalar:
                if (_atKey && scalar is { Value: "<<", IsPlainImplicit: true })
                {
                    throw Invalid($"The config has a merge key << at line {scalar.Start.Line}, which is not read; write its settings out.");
                }

                Advance();
                break;
        }
    }

    private void Open(NodeEvent start)
    {
        _open.Push((start.Anchor.IsEmpty ? null : start.Anchor.Value, start is MappingStart));
        if (_open.Count > MaxDepth)
        {
            throw Invalid($"The config nests deeper than {MaxDepth} levels at line {start.Start.Line}.");
        }

        _outer.Push(_atKey);
        _atKey = start is MappingStart;
    }

    private void Count(AnchorAlias alias)
    {
        if (_open.Any(level => level.Anchor == alias.Value.Value) || ++_aliases > MaxAliases)
        {
            throw Invalid(
                $"The config's alias *{alias.Value.Value} at line {alias.Start.Line} contains itself or is one of more than {MaxAliases}.");
        }
    }

    /// <summary>In a mapping, keys and values take turns.</summary>
    private void Advance() => _atKey = _open.TryPeek(out var level) && level.Mapping && !_atKey;

    private void RequireNoKey(ParsingEvent current)
    {
        if (_atKey)
        {
            throw Invalid($"A key of the config at line {current.Start.Line} is no text.");
        }
    }

    private static Exception Invalid(string message) => ConfigError.Invalid(message);
}
