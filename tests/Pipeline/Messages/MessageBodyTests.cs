using System.Text;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Messages;

public sealed class MessageBodyTests
{
    private const string Json = """{ "container": "images", "name": "ü.jpg" }""";

    public static TheoryData<string> Sent =>
    [
        Json,
        $"\uFEFF{Json}",
        $" \r\n{Json}\n",
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Json)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"\uFEFF{Json}")),
        $"{Convert.ToBase64String(Encoding.UTF8.GetBytes(Json), Base64FormattingOptions.InsertLineBreaks)}\r\n",
    ];

    [Theory]
    [MemberData(nameof(Sent))]
    public void Decode_TextAndBase64_IsWhatTheSenderMeant(string text) =>
        Assert.Equal(Json, Encoding.UTF8.GetString(MessageBody.Decode(Encoding.UTF8.GetBytes(text)).Span));

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("{")]
    [InlineData("abc=d")]
    public void Decode_NeitherOfThem_StaysAsItCame(string text) =>
        Assert.Equal(text, Encoding.UTF8.GetString(MessageBody.Decode(Encoding.UTF8.GetBytes(text)).Span));

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x00, 0x9C })]
    [InlineData(new byte[] { 0xC3, 0x28, 0xA0 })]
    public void Show_Base64OfNoText_IsShownAsItCame(byte[] content)
    {
        var text = Convert.ToBase64String(content);
        Assert.Equal(text, MessageBody.Show(Encoding.UTF8.GetBytes(text)));
        Assert.Equal("ü", MessageBody.Show(Encoding.UTF8.GetBytes(Convert.ToBase64String("ü"u8))));
    }
}
