using System.Text;
using System.Xml;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>How XML is written.</summary>
internal static class XmlText
{
    internal static XmlWriterSettings Settings { get; } = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        OmitXmlDeclaration = true,
        Indent = true,
        NewLineChars = "\n",
    };

    /// <summary>A text without the characters that XML has no way to write; each becomes U+FFFD.</summary>
    internal static string Clean(string text)
    {
        StringBuilder? clean = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
            {
                i++;
            }
            else if (!XmlConvert.IsXmlChar(text[i]))
            {
                (clean ??= new StringBuilder(text))[i] = '\uFFFD';
            }
        }

        return clean?.ToString() ?? text;
    }
}
