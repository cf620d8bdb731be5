/* Rates of libwbxml over a corpus file of `benches/codec.rs`: the parser with a handler that does
 * nothing, and the conversion to XML text. Best of many runs, in MB/s.
 *
 * cc -O2 libwbxml.c -o libwbxml -lwbxml2 ; ./libwbxml FILE... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wbxml/wbxml.h>

/* Debian ships the parser's symbols without its header (wbxml_parser.h, wbxml_handlers.h). */
typedef struct WBXMLParser_s WBXMLParser;
typedef struct WBXMLTag_s WBXMLTag;
typedef struct WBXMLAttribute_s WBXMLAttribute;
typedef struct {
    void (*start_document)(void *, int, const void *);
    void (*end_document)(void *);
    void (*start_element)(void *, WBXMLTag *, WBXMLAttribute **, WB_BOOL);
    void (*end_element)(void *, WBXMLTag *, WB_BOOL);
    void (*characters)(void *, WB_UTINY *, WB_ULONG, WB_ULONG);
    void (*instruction)(void *, const WB_UTINY *, WB_UTINY *);
} WBXMLContentHandler;
WBXMLParser *wbxml_parser_create(void);
void wbxml_parser_destroy(WBXMLParser *);
WBXMLError wbxml_parser_parse(WBXMLParser *, WB_UTINY *, WB_ULONG);
void wbxml_parser_set_content_handler(WBXMLParser *, WBXMLContentHandler *);
WB_BOOL wbxml_parser_set_language(WBXMLParser *, WBXMLLanguage);

struct record { WBXMLLanguage language; WB_ULONG length; WB_UTINY *bytes; };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void element(void *ctx, WBXMLTag *tag, WBXMLAttribute **atts, WB_BOOL empty)
{
    (void)ctx; (void)tag; (void)atts; (void)empty;
}

static void end(void *ctx, WBXMLTag *tag, WB_BOOL empty)
{
    (void)ctx; (void)tag; (void)empty;
}

static void characters(void *ctx, WB_UTINY *text, WB_ULONG at, WB_ULONG length)
{
    (void)ctx; (void)text; (void)at; (void)length;
}

static void parse(const struct record *r)
{
    WBXMLContentHandler handler = {NULL, NULL, element, end, characters, NULL};
    WBXMLParser *parser = wbxml_parser_create();
    wbxml_parser_set_content_handler(parser, &handler);
    wbxml_parser_set_language(parser, r->language);
    WBXMLError error = wbxml_parser_parse(parser, r->bytes, r->length);
    if (error != WBXML_OK) {
        fprintf(stderr, "parse: %s\n", wbxml_errors_string(error));
        exit(1);
    }
    wbxml_parser_destroy(parser);
}

static void convert(const struct record *r)
{
    WBXMLConvWBXML2XML *conv = NULL;
    WB_UTINY *xml = NULL;
    WB_ULONG length = 0;
    wbxml_conv_wbxml2xml_create(&conv);
    wbxml_conv_wbxml2xml_set_language(conv, r->language);
    wbxml_conv_wbxml2xml_set_gen_type(conv, WBXML_GEN_XML_COMPACT);
    WBXMLError error = wbxml_conv_wbxml2xml_run(conv, r->bytes, r->length, &xml, &length);
    if (error != WBXML_OK) {
        fprintf(stderr, "convert: %s\n", wbxml_errors_string(error));
        exit(1);
    }
    free(xml);
    wbxml_conv_wbxml2xml_destroy(conv);
}

static void measure(const char *what, const char *name, const struct record *r, size_t n,
                    double bytes, void (*task)(const struct record *))
{
    double best = 1e9, begun = now();
    for (int runs = 0; runs < 3 || now() - begun < 2.0; runs++) {
        double start = now();
        for (size_t i = 0; i < n; i++)
            task(&r[i]);
        double took = now() - start;
        if (took < best)
            best = took;
    }
    printf("%s\t%s\t%.1f\n", what, name, bytes / 1e6 / best);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    for (int a = 1; a < argc; a++) {
        FILE *file = fopen(argv[a], "rb");
        if (!file) {
            perror(argv[a]);
            return 1;
        }
        fseek(file, 0, SEEK_END);
        size_t size = (size_t)ftell(file), n = 0, room = 16;
        rewind(file);
        WB_UTINY *all = malloc(size);
        if (fread(all, 1, size, file) != size)
            return 1;
        fclose(file);
        struct record *records = malloc(room * sizeof *records);
        double bytes = 0;
        for (size_t at = 0; at + 5 <= size; n++) {
            WB_ULONG length = all[at + 1] | all[at + 2] << 8 | all[at + 3] << 16
                            | (WB_ULONG)all[at + 4] << 24;
            if (n == room)
                records = realloc(records, (room *= 2) * sizeof *records);
            records[n].language = all[at] ? WBXML_LANG_SYNCML_SYNCML12 : WBXML_LANG_ACTIVESYNC;
            records[n].length = length;
            records[n].bytes = all + at + 5;
            bytes += length;
            at += 5 + length;
        }
        const char *name = strrchr(argv[a], '/');
        name = name ? name + 1 : argv[a];
        measure("parser", name, records, n, bytes, parse);
        measure("conversion", name, records, n, bytes, convert);
        free(records);
        free(all);
    }
    return 0;
}
