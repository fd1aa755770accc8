using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.WebJobs;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Nanodet.Serverless.LocalHost.Rpc;

/// <summary>Values of the engines as values of the protocol, and back. JSON is the engines' own (Newtonsoft).</summary>
internal static class RpcValue
{
    private static readonly JsonSerializerSettings Plain = new() { DateParseHandling = DateParseHandling.None };

    public static TypedData From(object? value) => value switch
    {
        null => new TypedData(),
        string text => new TypedData { String = text },
        byte[] bytes => new TypedData { Bytes = ByteString.CopyFrom(bytes) },
        HttpContext context => new TypedData { Http = new RpcHttp { Method = context.Request.Method, Url = context.Request.Path } },
        TimerInfo timer => Json(new { timer.ScheduleStatus, timer.IsPastDue }),
        ParameterBindingData reference => new TypedData
        {
            ModelBindingData = new ModelBindingData
            {
                Version = reference.Version,
                Source = reference.Source,
                ContentType = reference.ContentType,
                Content = ByteString.CopyFrom(reference.Content.ToMemory().Span),
            },
        },
        _ => Json(value),
    };

    /// <summary>What a durable engine takes: text as it is, JSON as a token, numbers.</summary>
    public static object? ToResult(TypedData? data) => data?.DataCase switch
    {
        // Without the cast the arms would agree on JToken, and an orchestrator's answer would become one.
        TypedData.DataOneofCase.String => (object)data.String,
        TypedData.DataOneofCase.Json => JsonConvert.DeserializeObject<JToken>(data.Json, Plain),
        TypedData.DataOneofCase.Bytes => data.Bytes.ToByteArray(),
        TypedData.DataOneofCase.Stream => data.Stream.ToByteArray(),
        TypedData.DataOneofCase.Int => data.Int,
        TypedData.DataOneofCase.Double => data.Double,
        TypedData.DataOneofCase.CollectionString => new JArray(data.CollectionString.String),
        _ => null,
    };

    private static TypedData Json(object value)
    {
        try
        {
            return new TypedData { Json = JsonConvert.SerializeObject(value) };
        }
        catch (JsonException)
        {
            return new TypedData { String = value.ToString() ?? string.Empty };
        }
    }
}
