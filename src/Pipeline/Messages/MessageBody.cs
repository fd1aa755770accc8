using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>
/// The body of a queue message. Today's SDKs send text as it is; older ones, Event Grid and this app send base64. The host hands over the
/// text of either, and here it becomes the bytes that the sender meant.
/// </summary>
public static class MessageBody
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <summary>
    /// What the sender put into the message. No document of this app begins with a letter or a digit, and base64 always does (or with
    /// <c>+</c> or <c>/</c>): the two cannot be taken for each other.
    /// </summary>
    /// <param name="message">The message's text as UTF-8.</param>
    /// <returns>The decoded bytes where the text is base64, else the text itself; in both cases without a byte order mark.</returns>
    public static ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> message)
    {
        var text = Trim(message);
        return text.Length > 0 && text.Span[0] is not ((byte)'{' or (byte)'[') && TryDecode(text.Span, out var decoded)
            ? Trim(decoded)
            : text;
    }

    /// <summary>What a dead letter shows of a message: what the sender wrote where that is text, else the message as it came.</summary>
    internal static string Show(ReadOnlyMemory<byte> message)
    {
        try
        {
            return Strict.GetString(Decode(message).Span);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.UTF8.GetString(message.Span);
        }
    }

    /// <summary>A text without a byte order mark and without blanks around it.</summary>
    internal static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> text)
    {
        var start = text.Span.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;
        return start.Trim(Blanks);
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, out byte[] decoded)
    {
        decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, decoded, out _, out var written) != OperationStatus.Done)
        {
            return false;
        }

        Array.Resize(ref decoded, written);
        return true;
    }
}
