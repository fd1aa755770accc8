using System.Text;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Nanodet.Serverless.LocalHost.Rpc;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>Reads inputs and writes outputs at run time, when the expressions in their paths have values.</summary>
internal static class BindingValues
{
    public static async Task<object?> ReadAsync(Binder binder, FunctionBinding input, CancellationToken cancellationToken)
    {
        if (input.Is("durableClient"))
        {
            var client = new DurableClientAttribute { TaskHub = input.Value("taskHub"), ConnectionName = input.Value("connectionName") };
            return await binder.BindAsync<string>(client, cancellationToken);
        }

        var blob = Blob(input, FileAccess.Read);
        return input.ValueType == typeof(string) ? await binder.BindAsync<string>(blob, cancellationToken)
            : input.ValueType == typeof(byte[]) ? await binder.BindAsync<byte[]>(blob, cancellationToken)
            : await binder.BindAsync<ParameterBindingData>(blob, cancellationToken);
    }

    public static async Task WriteAsync(Binder binder, FunctionBinding output, TypedData value, CancellationToken cancellationToken)
    {
        if (output.Is("queue"))
        {
            var queue = new QueueAttribute(output.Value("queueName")!) { Connection = output.Value("connection") };
            var messages = await binder.BindAsync<IAsyncCollector<byte[]>>(queue, cancellationToken);
            foreach (var message in Messages(RpcValue.ToResult(value)))
            {
                await messages.AddAsync(message, cancellationToken);
            }

            await messages.FlushAsync(cancellationToken);
            return;
        }

        await using var stream = await binder.BindAsync<Stream>(Blob(output, FileAccess.Write), cancellationToken);
        await stream.WriteAsync(Bytes(RpcValue.ToResult(value)!), cancellationToken);
    }

    private static BlobAttribute Blob(FunctionBinding binding, FileAccess access) =>
        new(binding.Value("path") ?? binding.Value("blobPath")!, access) { Connection = binding.Value("connection") };

    /// <summary>A JSON array is many messages.</summary>
    private static IEnumerable<byte[]> Messages(object? value) => value switch
    {
        null => [],
        JArray many => many.Select(Bytes),
        _ => [Bytes(value)],
    };

    private static byte[] Bytes(object value) => value switch
    {
        byte[] bytes => bytes,
        JValue { Value: string text } => Encoding.UTF8.GetBytes(text),
        JToken json => Encoding.UTF8.GetBytes(json.ToString(Formatting.None)),
        _ => Encoding.UTF8.GetBytes(value.ToString()!),
    };
}
