using System.Buffers;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nanodet.Configs;

/// <summary>
/// Reads a text of a config as the official reader does, which hands every text to Python's <c>literal_eval</c>: <c>(160, 160)</c> is a
/// tuple, <c>'ReLU'</c> in quotes within the text is ReLU. What is no such literal stays the text that it is. Numbers, True, False and None
/// stay texts, too: whoever asks for one reads it.
/// </summary>
internal ref struct PythonLiteral
{
    private const int MaxDepth = 16;
    private const int MaxNodes = 4096;

    private static readonly SearchValues<char> Signs = SearchValues.Create("([{'\",");

    private readonly ReadOnlySpan<char> _text;
    private int _position;
    private int _nodes;

    private PythonLiteral(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The tuple, list, dictionary or quoted text that a text spells; null where it spells none of these.</summary>
    public static YamlNode? Read(string text)
    {
        // Most texts are names: they cost one look.
        if (text.AsSpan().IndexOfAny(Signs) < 0)
        {
            return null;
        }

        var literal = new PythonLiteral(text);
        return literal.ReadAll(out var node) ? node : null;
    }

    /// <summary>The whole text: one value, or several with commas between them, which Python takes for a tuple.</summary>
    private bool ReadAll(out YamlNode node)
    {
        if (!TryValue(0, out node))
        {
            return false;
        }

        if (Peek() == ',')
        {
            var items = new YamlSequenceNode(node);
            _position++;
            if (!TryItems('\0', 0, items))
            {
                return false;
            }

            node = items;
        }

        return Peek() == '\0' && _position == _text.Length;
    }

    private bool TryValue(int depth, out YamlNode node)
    {
        node = new YamlScalarNode();
        if (depth > MaxDepth || ++_nodes > MaxNodes)
        {
            return false;
        }

        return Peek() switch
        {
            '(' => TryTuple(depth, out node),
            '[' => TryList(depth, out node),
            '{' => TryDictionary(depth, out node),
            '\'' or '"' => TryQuoted(out node),
            _ => TryWord(out node),
        };
    }

    private bool TryTuple(int depth, out YamlNode node)
    {
        _position++;
        var items = new YamlSequenceNode();
        node = items;
        if (Peek() == ')')
        {
            _position++;
            return true;
        }

        if (!TryValue(depth + 1, out var first))
        {
            return false;
        }

        if (Peek() == ')')
        {
            // Brackets around one value without a comma are nothing but brackets.
            _position++;
            node = first;
            return true;
        }

        items.Add(first);
        if (Peek() != ',')
        {
            return false;
        }

        _position++;
        return TryItems(')', depth, items);
    }

    private bool TryList(int depth, out YamlNode node)
    {
        _position++;
        var items = new YamlSequenceNode();
        node = items;
        return TryItems(']', depth, items);
    }

    /// <summary>Values up to the closing bracket, or to the end of the text; a comma may follow the last one.</summary>
    private bool TryItems(char end, int depth, YamlSequenceNode items)
    {
        while (Peek() != end)
        {
            if (!TryValue(depth + 1, out var item))
            {
                return false;
            }

            items.Add(item);
            if (Peek() == ',')
            {
                _position++;
            }
            else if (Peek() != end)
            {
                return false;
            }
        }

        _position += end == '\0' ? 0 : 1;
        return true;
    }

    private bool TryDictionary(int depth, out YamlNode node)
    {
        _position++;
        var items = new YamlMappingNode();
        node = items;
        while (Peek() != '}')
        {
            if (Peek() is not ('\'' or '"') || !TryQuoted(out var key) || Peek() != ':')
            {
                return false;
            }

            _position++;
            if (!TryValue(depth + 1, out var value) || !items.Children.TryAdd(new YamlScalarNode(((YamlScalarNode)key).Value), value))
            {
                return false;
            }

            if (Peek() == ',')
            {
                _position++;
            }
            else if (Peek() != '}')
            {
                return false;
            }
        }

        _position++;
        return true;
    }

    private bool TryQuoted(out YamlNode node)
    {
        var quote = _text[_position++];
        var value = new StringBuilder();
        while (_position < _text.Length && _text[_position] != quote)
        {
            // A backslash would need Python's table of escapes, which no setting of a config needs.
            if (_text[_position] is '\\' or '\n')
            {
                break;
            }

            value.Append(_text[_position++]);
        }

        node = new YamlScalarNode(value.ToString()) { Style = ScalarStyle.SingleQuoted };
        return _position < _text.Length && _text[_position++] == quote;
    }

    /// <summary>A number, True, False or None.</summary>
    private bool TryWord(out YamlNode node)
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '.' or '-' or '+' or '_'))
        {
            _position++;
        }

        var word = _text[start.._position];
        node = new YamlScalarNode(word.ToString()) { Style = ScalarStyle.Plain };
        return word is "True" or "False" or "None" || (word.Length > 0 && (char.IsAsciiDigit(word[0]) || word[0] is '.' or '-' or '+'));
    }

    /// <summary>The next character that is no white space; the null character at the end.</summary>
    private char Peek()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
        {
            _position++;
        }

        return _position < _text.Length ? _text[_position] : '\0';
    }
}
