using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Http;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class DetectBodyTests
{
    private const long Limit = 100_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Image { get; } = [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * 7))];

    [Theory]
    [InlineData(null)]
    [InlineData("image/jpeg")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("no media type at all")]
    public async Task Read_AnyOtherType_TakesTheBody(string? type) =>
        await AssertImageAsync(Image, Request(Image, type));

    [Theory]
    [InlineData("gzip")]
    [InlineData("X-GZIP")]
    [InlineData("identity")]
    [InlineData("")]
    public async Task Read_GzipOrNothing_IsTakenAsItIs(string encoding) =>
        await AssertImageAsync(Image, Request(Image, "image/jpeg", encoding));

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, br")]
    [InlineData("zstd")]
    [InlineData("deflate")]
    public async Task Read_AnotherEncoding_IsRefusedByItsName(string encoding)
    {
        var (status, code, detail) = await RefusalAsync(Request(Image, "image/jpeg", encoding));

        Assert.Equal((415, "unsupported_body"), (status, code));
        Assert.Contains(encoding.Split(", ")[^1], detail, StringComparison.Ordinal);
        Assert.Contains("gzip", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_FormWithOneFile_TakesIt()
    {
        await AssertImageAsync(Image, Form(File("a.jpg", Image)));
        await AssertImageAsync(Image, Form(Field("score", "1"), File("a.jpg", Image), Field("note", "x")));
        await AssertImageAsync([], Form(File("a.jpg", [])));
        await AssertImageAsync("--B"u8.ToArray(), Form(File("a.jpg", "--B"u8.ToArray())));
    }

    [Fact]
    public async Task Read_FileOfExactlyTheLimit_IsTaken()
    {
        await AssertImageAsync(new byte[Limit], Form(File("a.jpg", new byte[Limit])));
        Assert.Equal(413, (await RefusalAsync(Form(File("a.jpg", new byte[Limit + 1])))).Status);
        Assert.Equal(413, (await RefusalAsync(Form(Field("x", new string('y', 80_000)), File("a.jpg", new byte[Limit - 1])))).Status);
        Assert.Equal(413, (await RefusalAsync(Request(new byte[Limit + 1], null))).Status);
    }

    [Theory]
    [InlineData("no file", "found none")]
    [InlineData("two files", "found several")]
    [InlineData("cut off", "complete form")]
    [InlineData("no form", "complete form")]
    [InlineData("no boundary", "boundary")]
    [InlineData("long headers", "complete form")]
    public async Task Read_FormThatIsNotOne_IsRefusedAndSaysWhatToSend(string kind, string expected)
    {
        var request = kind switch
        {
            "no file" => Form(Field("score", "1")),
            "two files" => Form(File("a.jpg", Image), File("b.jpg", Image)),
            "cut off" => Request([.. Encoding.ASCII.GetBytes("--BORDER\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nabc")], FormType),
            "no form" => Request(Image, FormType),
            "no boundary" => Request(Image, "multipart/form-data"),
            _ => Request(
                [.. Encoding.ASCII.GetBytes("--BORDER\r\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"x{i}: y\r\n")) + "\r\nabc\r\n--BORDER--\r\n")], FormType),
        };

        var (status, code, detail) = await RefusalAsync(request);

        Assert.Equal((400, "request_invalid"), (status, code));
        Assert.Contains(expected, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_PackedForm_IsRefused()
    {
        var request = Form(File("a.jpg", Image));
        request.Headers.ContentEncoding = "gzip";

        Assert.Equal(415, (await RefusalAsync(request)).Status);
    }

    private const string FormType = "multipart/form-data; boundary=\"BORDER\"";

    private static async Task AssertImageAsync(byte[] expected, HttpRequest request)
    {
        var (received, image, problem) = await DetectBody.ReadAsync(request, Bodies(), Limit, Token);

        using var body = received;
        Assert.Null(problem);
        Assert.True(image.Span.SequenceEqual(expected), $"{image.Length} bytes, expected {expected.Length}");
    }

    private static async Task<(int Status, string? Code, string Detail)> RefusalAsync(HttpRequest request)
    {
        var (received, _, problem) = await DetectBody.ReadAsync(request, Bodies(), Limit, Token);
        received?.Dispose();
        Assert.NotNull(problem);
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await problem.ExecuteAsync(context);
        var document = JsonDocument.Parse(body.ToArray()).RootElement;
        return (context.Response.StatusCode, document.GetProperty("code").GetString(), document.GetProperty("detail").GetString()!);
    }

    private static BodyReader Bodies() => new(Options.Create(new BodyOptions()), TimeProvider.System);

    private static HttpRequest Request(byte[] body, string? type, string? encoding = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(body);
        request.ContentType = type;
        if (encoding is not null)
        {
            request.Headers.ContentEncoding = encoding;
        }

        return request;
    }

    private static HttpRequest Form(params byte[][] parts) =>
        Request([.. parts.SelectMany(part => part), .. "--BORDER--\r\n"u8], FormType);

    private static byte[] File(string name, byte[] content) =>
        Part($"Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/jpeg", content);

    private static byte[] Field(string name, string value) => Part($"Content-Disposition: form-data; name=\"{name}\"", Encoding.UTF8.GetBytes(value));

    private static byte[] Part(string headers, byte[] content) =>
        [.. Encoding.ASCII.GetBytes($"--BORDER\r\n{headers}\r\n\r\n"), .. content, .. "\r\n"u8];
}
